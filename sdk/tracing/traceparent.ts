/** What another process said of its span. */
export interface RemoteSpan {
  traceId: string;
  spanId: string;
  traceFlags: number;
}

/** W3C Trace Context, section 3.2: version `ff` is forbidden, a later one may add fields at the end. */
const HEADER = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a `traceparent` header. @returns undefined for what is not valid, which begins a new trace */
export function parseTraceparent(text: string | undefined): RemoteSpan | undefined {
  const [, version, traceId, spanId, flags, more] = HEADER.exec(text?.trim() ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "00" && more !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1 };
}

/** Writes a `traceparent` header. */
export function formatTraceparent({ traceId, spanId, traceFlags }: RemoteSpan): string {
  return `00-${traceId}-${spanId}-${(traceFlags & 1).toString(16).padStart(2, "0")}`;
}
