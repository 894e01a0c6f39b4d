import "../require-node.ts";

export { currentSpan, inSpan, runSpan, withinSpan } from "./current-span.ts";
export { openTracer, wantsTraces, type TracerOptions } from "./open-tracer.ts";
export { NO_SPAN, NO_TRACER, type Span, type SpanAttributes, type SpanOptions, type Tracer } from "./span.ts";
