/** What a span records in addition to its times. Never a secret: no header, no query, no argument or variable of a build. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** How a span begins. */
export interface SpanOptions {
  /**
   * `client` sends a request to another process, `server` answers one.
   *
   * @default `internal`
   */
  kind?: "internal" | "client" | "server";
  attributes?: SpanAttributes;
}

/** A piece of work with a beginning and an end, in a trace. */
export interface Span {
  /** What another process continues the trace with: the W3C header `traceparent`. `""` when nothing is traced. */
  readonly traceparent: string;
  /** Whether nothing can be added any more. */
  readonly isOver: boolean;
  /** Begins a span below this one; a span that has ended makes no more spans, so that work that outlives it is not part of it. */
  child(name: string, options?: SpanOptions): Span;
  set(attributes: SpanAttributes): void;
  /** Marks it as failed. Of an error, its stable code or its class is recorded, never its text. */
  fail(error: unknown): void;
  /** Ends it; a second time changes nothing. */
  end(): void;
}

/** Begins traces. */
export interface Tracer {
  /**
   * Begins a span without a parent in this process.
   *
   * @param options.traceparent the W3C header of whoever asked; absent or not valid: the span begins a trace of its own
   */
  start(name: string, options?: SpanOptions & { traceparent?: string | undefined }): Span;
  /** Sends the spans that have ended, within a short time or not at all. */
  close(): Promise<void>;
}

/** Stands for a span where nothing is traced. */
export const NO_SPAN: Span = {
  traceparent: "",
  isOver: true,
  child: () => NO_SPAN,
  set: () => undefined,
  fail: () => undefined,
  end: () => undefined,
};

/** Traces nothing. */
export const NO_TRACER: Tracer = { start: () => NO_SPAN, close: () => Promise.resolve() };
