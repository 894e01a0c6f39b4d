import { type Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { secretsIn } from "../secrets/index.ts";
import type { Schema } from "../schema.ts";
import { formatIssues } from "../wire/issues.ts";
import { openDispatcher } from "./dispatcher.ts";
import { ApiError, ClientClosedError, InvalidResponseError, TransportError } from "./errors.ts";
import { errorFromAnswer } from "./error-response.ts";
import { backoffMs, jittered, MAX_ATTEMPTS, MAX_RETRY_AFTER_MS, parseRetryAfter } from "./retry.ts";
import { pause } from "../concurrency/index.ts";
import { currentSpan, NO_SPAN, type Span } from "../tracing/index.ts";
import { transportError } from "./transport-failure.ts";
import { userAgent } from "./version.ts";
import { loadWire, type Wire } from "./wire.ts";

/** Longest silence of the service that a plain call endures. */
export const DEFAULT_TIMEOUT_MS = 30_000;
/** No answer but a log stream comes near this; more is a broken or hostile service. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;
const MAX_ERROR_BYTES = 1024 * 1024;

/** One call of the service. */
export interface Call {
  /** The call in words that follow "Could not": `read build tb_1`. Never holds a secret. */
  what: string;
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Under the base URL, segments already encoded. */
  path: string;
  query?: Record<string, string | number | boolean | readonly string[] | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is; created again for every attempt. */
  upload?: { open: (signal: AbortSignal | undefined) => Readable | Uint8Array; sizeBytes: number };
  headers?: Record<string, string>;
  /**
   * Whether sending twice is as good as once, so that it may be sent again when its answer was lost.
   *
   * @default true for GET, PUT and DELETE, and for calls with an `Idempotency-Key`
   */
  repeatable?: boolean;
  /** Codes with which the service says "soon": sent again like a 429, up to `maxAttempts`. */
  retryCodes?: readonly string[];
  /** @default that of the client */
  maxAttempts?: number;
  /**
   * Longest silence in ms.
   *
   * @default that of the client
   */
  timeoutMs?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Leave the key out; the service's health needs none. */
  anonymous?: boolean;
}

/** A good answer whose body nobody has read yet. */
export interface OpenAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: AsyncIterable<Uint8Array>;
}

/** How a transport reaches its service. */
export interface TransportOptions {
  baseUrl: string;
  apiKey: string;
  timeoutMs?: number | undefined;
  /**
   * How often a call is sent again.
   *
   * @default 3
   */
  maxRetries?: number | undefined;
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Instead of a pool of its own; not closed with the transport. */
  dispatcher?: Dispatcher | undefined;
}

/**
 * Sends calls: pool, headers, timeouts, retries, errors. Sends again what may be sent again, at most `maxAttempts` times:
 * a 429 always (`Retry-After` honoured, at most a minute), a lost or 502, 503, 504 answer when the call is repeatable,
 * a refused connection when it is repeatable too, so that a service that restarts is not an outage.
 */
export class Transport {
  readonly baseUrl: string;
  readonly #apiKey: string;
  readonly #timeoutMs: number;
  readonly #maxAttempts: number;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #userAgent = userAgent();
  readonly #borrowed: Dispatcher | undefined;
  #own: Promise<Dispatcher> | undefined;
  #closed = false;

  constructor(options: TransportOptions) {
    this.baseUrl = options.baseUrl;
    this.#apiKey = options.apiKey;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#maxAttempts = options.maxRetries === undefined ? MAX_ATTEMPTS : options.maxRetries + 1;
    this.#env = options.env ?? process.env;
    this.#borrowed = options.dispatcher;
  }

  /**
   * Sends a call and reads its JSON answer.
   *
   * @param schema picks the schema of the answer
   */
  async json<Output>(call: Call, schema: (wire: Wire) => Schema<Output>): Promise<Output> {
    return (await this.jsonWithHeaders(call, schema)).value;
  }

  /** As `json`, for the few calls whose headers matter. */
  async jsonWithHeaders<Output>(
    call: Call,
    schema: (wire: Wire) => Schema<Output>,
  ): Promise<{ value: Output; headers: OpenAnswer["headers"] }> {
    return this.#withRetries(call, async (attempt) => {
      const answer = await this.#open(call, attempt);
      const text = await this.#readText(call, answer.body, MAX_BODY_BYTES);
      return { value: parseAnswer(call, answer, text, schema(await loadWire())), headers: answer.headers };
    });
  }

  /** Sends a call of whose answer only the status counts. */
  async done(call: Call): Promise<void> {
    let unknownBefore = false;
    await this.#withRetries(call, async (attempt) => {
      try {
        const answer = await this.#open(call, attempt);
        await this.#readText(call, answer.body, MAX_BODY_BYTES);
      } catch (error) {
        // An earlier try whose answer was lost did the work: what was to be removed is gone.
        if (unknownBefore && call.method === "DELETE" && error instanceof ApiError && error.status === 404) return;
        unknownBefore ||= error instanceof TransportError ? error.outcome === "unknown" : isGatewayStatus(error);
        throw error;
      }
    });
  }

  /** Sends a call and hands out its body as it comes. Retries end once the answer has begun. */
  async stream(call: Call): Promise<OpenAnswer> {
    return this.#withRetries(call, (attempt) => this.#open(call, attempt));
  }

  /** Cuts what is running and frees the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#own)?.destroy();
  }

  /** What may be sent again, and when; everything else is thrown. */
  async #withRetries<T>(call: Call, send: (attempt: number) => Promise<T>): Promise<T> {
    const maxAttempts = call.maxAttempts ?? this.#maxAttempts;
    for (let attempt = 1; ; attempt++) {
      try {
        return await send(attempt);
      } catch (error) {
        call.signal?.throwIfAborted();
        const delayMs = attempt < maxAttempts ? retryDelay(call, error, attempt) : undefined;
        if (delayMs === undefined) throw error;
        await pause(delayMs, call.signal);
      }
    }
  }

  /** One try of a call, which is a span of its own until its answer has been read. */
  async #open(call: Call, attempt: number): Promise<OpenAnswer> {
    const parent = currentSpan();
    if (parent.isOver) return this.#send(call, NO_SPAN);
    const { hostname, port } = new URL(this.baseUrl);
    const span = parent.child(call.method, {
      kind: "client",
      attributes: {
        "http.request.method": call.method,
        "nullspace.call": call.what,
        "server.address": hostname,
        ...(port !== "" && { "server.port": Number(port) }),
        ...(attempt > 1 && { "http.request.resend_count": attempt - 1 }),
      },
    });
    try {
      const answer = await this.#send(call, span);
      return { ...answer, body: untilRead(answer.body, span) };
    } catch (error) {
      span.fail(error);
      span.end();
      throw error;
    }
  }

  async #send(call: Call, span: Span): Promise<OpenAnswer> {
    if (this.#closed) throw new ClientClosedError();
    call.signal?.throwIfAborted();
    const dispatcher = this.#borrowed ?? (await (this.#own ??= openDispatcher(this.baseUrl, this.#env)));
    const { request } = await import("./http-library.ts");
    const timeoutMs = call.timeoutMs ?? this.#timeoutMs;
    const answer = await this.#guard(call, () =>
      request(this.baseUrl + call.path + queryText(call.query), {
        dispatcher,
        method: call.method,
        headers: this.#headers(call, span),
        body: requestBody(call),
        signal: call.signal ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      }),
    );
    const { statusCode: status, headers } = answer;
    span.set({ "http.response.status_code": status });
    const body = this.#chunks(call, answer.body);
    if (status >= 200 && status < 300) return { status, headers, body };
    const text = await this.#readText(call, body, MAX_ERROR_BYTES);
    if (status < 400) {
      throw new InvalidResponseError(
        `Could not ${call.what}: ${this.baseUrl} answered with a redirect (HTTP ${status}), which a service never does. ` +
          "Check that NULLSPACE_API_URL is the service itself, scheme included.",
        { status, requestId: header(headers, "x-request-id") },
      );
    }
    throw await errorFromAnswer(
      call.what,
      {
        status,
        body: text,
        requestIdHeader: header(headers, "x-request-id"),
        retryAfterMs: parseRetryAfter(header(headers, "retry-after")),
      },
      [this.#apiKey, ...(await secretsOf(call.body))],
    );
  }

  #headers(call: Call, { traceparent }: Span): Record<string, string> {
    const headers: Record<string, string> = {
      ...(!call.anonymous && { authorization: `Bearer ${this.#apiKey}` }),
      accept: "*/*",
      "user-agent": this.#userAgent,
      ...(traceparent !== "" && { traceparent }),
      ...call.headers,
    };
    if (call.upload !== undefined) {
      headers["content-type"] = "application/octet-stream";
      headers["content-length"] = String(call.upload.sizeBytes);
    } else if (call.body !== undefined) {
      headers["content-type"] = "application/json";
    }
    return headers;
  }

  /** Turns failures of the HTTP library into ours, and an abort into its reason. */
  async #guard<T>(call: Call, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      call.signal?.throwIfAborted();
      if (this.#closed) throw new ClientClosedError();
      throw transportError(call.what, this.baseUrl, call.timeoutMs ?? this.#timeoutMs, error) ?? error;
    }
  }

  async *#chunks(call: Call, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#guard(call, () => iterator.next());
        if (next.done) return;
        yield next.value;
      }
    } finally {
      // Leaving early (the last entry of a log, an error) gives the connection back.
      await iterator.return?.();
    }
  }

  async #readText(call: Call, body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > limit) {
        throw new InvalidResponseError(`Could not ${call.what}: the answer is longer than ${limit} bytes.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  }
}

/** The same body, with whose end the span of its call is over. */
async function* untilRead(body: AsyncIterable<Uint8Array>, span: Span): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/** What a request carries that no message may hold, even when a service echoes it. All bodies name their secrets alike. */
async function secretsOf(body: unknown): Promise<string[]> {
  if (body === undefined) return [];
  const { CreateTemplateRequest } = await loadWire();
  return [...secretsIn(CreateTemplateRequest, body)].map(({ value }) => value);
}

function retryDelay(call: Call, error: unknown, attempt: number): number | undefined {
  const repeatable =
    call.repeatable ??
    (["GET", "PUT", "DELETE"].includes(call.method) || call.headers?.["idempotency-key"] !== undefined);
  if (error instanceof TransportError) {
    // Names do not begin to resolve and certificates are not renewed within a second.
    const passing = error.reason !== "unresolved" && !(error.reason === "broken" && error.outcome === "not_sent");
    return repeatable && passing ? backoffMs(attempt) : undefined;
  }
  if (!(error instanceof ApiError)) return undefined;
  const transition = call.retryCodes?.includes(error.code) ?? false;
  // More tries than usual are for what ends by itself: a quota or a host that is full may stay so.
  if (!transition && attempt >= MAX_ATTEMPTS) return undefined;
  const soon = error.status === 429 || transition;
  if (!soon && !(repeatable && isGatewayStatus(error))) return undefined;
  const asked = error.retryAfterMs;
  if (asked === undefined) return backoffMs(attempt);
  return asked > MAX_RETRY_AFTER_MS ? undefined : jittered(asked);
}

function isGatewayStatus(error: unknown): boolean {
  return error instanceof ApiError && [502, 503, 504].includes(error.status ?? 0);
}

function parseAnswer<Output>(call: Call, answer: OpenAnswer, text: string, schema: Schema<Output>): Output {
  const requestId = header(answer.headers, "x-request-id");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InvalidResponseError(
      `Could not ${call.what}: the answer is not JSON (HTTP ${answer.status}). Is NULLSPACE_API_URL a Nullspace service?`,
      { status: answer.status, requestId, cause },
    );
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new InvalidResponseError(
    `Could not ${call.what}: the answer has an unknown shape: ${formatIssues(parsed.error, "answer")}. ` +
      "Is NULLSPACE_API_URL a Nullspace service, and this client recent enough for it?",
    { status: answer.status, requestId },
  );
}

function requestBody(call: Call): string | Readable | Uint8Array | null {
  if (call.upload !== undefined) return call.upload.open(call.signal);
  return call.body === undefined ? null : JSON.stringify(call.body);
}

function queryText(query: Call["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? (value as string[]) : [value]) {
      if (one !== undefined) parameters.append(name, String(one));
    }
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

function header(headers: OpenAnswer["headers"], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
