import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span as OtelSpan } from "@opentelemetry/api";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from "@opentelemetry/sdk-trace-node";
import { NO_SPAN, type Span, type SpanAttributes, type SpanOptions, type Tracer } from "./span.ts";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

/** What ends while a collector is away waits for it up to here; what comes after is dropped. */
const MAX_WAITING_SPANS = 2_048;
/** Ended spans are sent after this long at the latest. */
const SEND_EVERY_MS = 1_000;
/** The end of a process waits so long for a collector, and no longer. */
const CLOSE_MS = 1_500;

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, server: SpanKind.SERVER };

/**
 * Tells spans to OpenTelemetry's SDK, through a provider of our own: in a program's process the global one is the program's.
 *
 * @param options.exporter package of the exporter, which reads endpoint, headers and the rest from the environment
 */
export async function openTelemetry(options: {
  serviceName: string;
  version: string;
  exporter: string;
  redact: (text: string) => string;
}): Promise<Tracer> {
  const { OTLPTraceExporter } = await loadExporter(options.exporter);
  const { serviceName, version, redact } = options;
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ "service.name": serviceName, "service.version": version }),
    ),
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter(), {
        maxQueueSize: MAX_WAITING_SPANS,
        scheduledDelayMillis: SEND_EVERY_MS,
      }),
    ],
  });
  const tracer = provider.getTracer("pulumi-nullspace", version);
  const begin = (name: string, { kind = "internal", attributes = {} }: SpanOptions, parent: Context): Span => {
    const span = tracer.startSpan(redact(name), { kind: KINDS[kind] }, parent);
    const within = trace.setSpan(parent, span);
    const traced = new TracedSpan(span, { redact, begin: (child, asked) => begin(child, asked, within) });
    traced.set(attributes);
    return traced;
  };
  let closing: Promise<void> | undefined;
  return {
    start(name, { traceparent, ...rest } = {}) {
      const remote = parseTraceparent(traceparent);
      const above = remote && trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true });
      return begin(name, rest, above ?? ROOT_CONTEXT);
    },
    close: () => (closing ??= shutDown(provider)),
  };
}

/** The usual one stands here by its name: bundlers find it, and it goes into the plugin's executable. */
function loadExporter(name: string): Promise<{ OTLPTraceExporter: new () => SpanExporter }> {
  return name === "@opentelemetry/exporter-trace-otlp-proto"
    ? import("@opentelemetry/exporter-trace-otlp-proto")
    : (import(name) as ReturnType<typeof loadExporter>);
}

/** What could not be sent is lost: a trace is no reason to keep a process, or to fail it. */
async function shutDown(provider: NodeTracerProvider): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
  const sent = provider.shutdown().catch(() => undefined);
  await Promise.race([sent, limit]);
  clearTimeout(timer);
}

/** What a span needs of its tracer. */
interface SpanMaker {
  redact: (text: string) => string;
  begin: (name: string, options: SpanOptions) => Span;
}

class TracedSpan implements Span {
  readonly traceparent: string;
  isOver = false;
  readonly #span: OtelSpan;
  readonly #maker: SpanMaker;

  constructor(span: OtelSpan, maker: SpanMaker) {
    this.#span = span;
    this.#maker = maker;
    this.traceparent = formatTraceparent(span.spanContext());
  }

  child(name: string, options: SpanOptions = {}): Span {
    return this.isOver ? NO_SPAN : this.#maker.begin(name, options);
  }

  set(attributes: SpanAttributes): void {
    if (this.isOver) return;
    for (const [key, value] of Object.entries(attributes)) {
      this.#span.setAttribute(key, typeof value === "string" ? this.#maker.redact(value) : value);
    }
  }

  fail(error: unknown): void {
    if (this.isOver) return;
    this.#span.setAttribute("error.type", errorType(error));
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#span.end();
  }
}

/** A code of ours or of Node, else the class: both are words of programs, and no text that came from outside. */
function errorType(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === "string" && /^\w{1,64}$/.test(code)) return code;
  return typeof name === "string" && /^\w{1,64}$/.test(name) ? name : "error";
}
