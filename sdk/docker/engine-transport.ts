import type { Duplex, Readable } from "node:stream";
import type { Schema } from "../schema.ts";
import type { EngineHost } from "./engine-host.ts";
import type { EngineTls } from "./engine-tls.ts";
import { EngineHeartbeat } from "./engine-heartbeat.ts";
import { type ConnectionProtocol, dialEngine } from "./connection.ts";
import { ConnectionPool } from "./connection-pool.ts";
import {
  DockerError,
  EngineConflictError,
  EngineConnectionLostError,
  EngineError,
  EngineNotFoundError,
  EngineProtocolError,
  EngineTimeoutError,
} from "./errors.ts";
import { http } from "./node-http.ts";
import { ENGINE_TIME_LIMITS, type EngineCallKind, type EngineTimeLimits } from "./time-limits.ts";

/** One HTTP request to the engine. */
export interface EngineRequest {
  method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** Path with its API version, without a query. */
  path: string;
  query?: URLSearchParams;
  /** By lower-case name. */
  headers?: Record<string, string | string[]>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is; exclusive with `json`. */
  body?: Readable | Uint8Array;
  signal?: AbortSignal | undefined;
  /** Called when all of it was handed to the system. */
  onSent?: (() => void) | undefined;
  /**
   * How long the engine may take; see EngineTimeLimits.
   *
   * @default `look` for GET and HEAD, else `change`
   */
  kind?: EngineCallKind | undefined;
}

/** The engine's answer, its body unread. */
export interface EngineResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable;
}

/** A connection that the engine has given up to us. */
export interface HijackedConnection {
  socket: Duplex;
  /** Bytes that came with the engine's answer; they stand before everything that `socket` gives. */
  head: Buffer;
}

/** One engine is local or near; this many requests at once only waits on itself. */
const MAX_CONNECTIONS = 256;
/** An error's body is a sentence; no more than this of it is read. */
const MAX_ERROR_CHARS = 64 * 1024;
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** HTTP to one engine: pooled requests, and connections that leave HTTP behind. */
export class EngineTransport {
  readonly host: EngineHost;
  readonly #tls: EngineTls | undefined;
  /** Headers of every request, by lower-case name, but for those that are the connection's own. */
  readonly moreHeaders: Readonly<Record<string, string>>;
  readonly #pool: ConnectionPool;
  /** Apart from the pool, whose connections may all be waiting for the engine. */
  readonly #pingPool: ConnectionPool;
  readonly #heartbeat: EngineHeartbeat;
  readonly #limits: EngineTimeLimits;
  readonly #hijacked = new Set<Duplex>();

  /**
   * @param moreHeaders headers of every request, by lower-case name; those that the request has itself win
   * @param limits how long the engine may take; what is left out is as in {@link ENGINE_TIME_LIMITS}
   */
  constructor(
    host: EngineHost,
    tls: EngineTls | undefined,
    moreHeaders: Record<string, string> = {},
    limits: Partial<EngineTimeLimits> = {},
  ) {
    this.host = host;
    this.#tls = tls;
    this.moreHeaders = Object.fromEntries(Object.entries(moreHeaders).filter(([name]) => !OF_THE_CONNECTION.has(name)));
    const dial = () => dialEngine(host, tls);
    this.#pool = new ConnectionPool(dial, MAX_CONNECTIONS);
    this.#pingPool = new ConnectionPool(dial, 1);
    this.#limits = { ...ENGINE_TIME_LIMITS, ...limits };
    this.#heartbeat = new EngineHeartbeat(host.display, (signal) => this.#ping(signal), this.#limits.silenceMs);
  }

  /** @throws EngineError for a status of 400 and above */
  async request(request: EngineRequest): Promise<EngineResponse> {
    const call = this.#begin(request);
    try {
      const response = await this.#pool.request({
        method: request.method,
        path: pathOf(request),
        headers: this.#headersOf(request),
        body: request.json === undefined ? request.body : JSON.stringify(request.json),
        onSent: request.onSent,
        signal: call.signal,
      });
      this.#heartbeat.noteAnswer();
      response.once("close", call.end);
      const { statusCode: status = 0, headers } = response;
      if (status >= 400) throw await refusal(request, status, response);
      return { status, headers, body: response };
    } catch (error) {
      call.end();
      throw this.#translate(request, call.signal.aborted ? call.signal.reason : error);
    }
  }

  /** Like `request`, with the answer's JSON parsed by `schema`. */
  async json<Output>(request: EngineRequest, schema: Schema<Output>): Promise<Output> {
    const text = await this.text(request);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new EngineProtocolError(`The engine's answer to ${describe(request)} is not JSON.`, cause);
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new EngineProtocolError(
      `The engine's answer to ${describe(request)} has another shape than expected.`,
      parsed.error,
    );
  }

  /** Like `request`, with the answer read to its end. */
  async text(request: EngineRequest): Promise<string> {
    const { body } = await this.request(request);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.readBody(request, body)) {
      size += chunk.length;
      if (size > MAX_JSON_BYTES) {
        throw new EngineProtocolError(
          `The engine's answer to ${describe(request)} is larger than ${MAX_JSON_BYTES} bytes.`,
        );
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  /** The body's chunks, with a broken connection told as EngineConnectionLostError. Leaving early closes it. */
  async *readBody(request: EngineRequest, body: Readable): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of body) yield chunk as Buffer;
    } catch (error) {
      throw this.#translate(request, error);
    } finally {
      body.destroy();
    }
  }

  /** Asks the engine to turn the connection into a plain stream of `protocol` (Engine API, "hijacking"). */
  async hijack(request: EngineRequest, protocol: "tcp" | "h2c"): Promise<HijackedConnection> {
    const call = this.#begin({ kind: "stream", ...request });
    try {
      const socket = await dialEngine(this.host, this.#tls);
      call.signal.addEventListener("abort", () => socket.destroy(call.signal.reason as Error), { once: true });
      socket.once("close", call.end);
      call.signal.throwIfAborted();
      return await this.#upgrade(request, protocol, socket).catch((error: unknown) => {
        socket.destroy();
        throw error;
      });
    } catch (error) {
      call.end();
      throw this.#translate(request, call.signal.aborted ? call.signal.reason : error);
    }
  }

  #upgrade(request: EngineRequest, protocol: string, socket: Duplex): Promise<HijackedConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<HijackedConnection>();
    const call = http.request({
      method: request.method,
      path: pathOf(request),
      headers: { ...this.#headersOf(request), connection: "Upgrade", upgrade: protocol },
      createConnection: () => socket as never,
    });
    call.once("error", reject);
    call.once("response", (response) => {
      const status = response.statusCode ?? 0;
      refusal(request, status, response).then(reject, reject);
    });
    call.once("upgrade", (_response, upgraded, head) => {
      this.#hijacked.add(upgraded);
      upgraded.once("close", () => this.#hijacked.delete(upgraded));
      resolve({ socket: upgraded, head });
    });
    call.end(request.json === undefined ? undefined : JSON.stringify(request.json));
    return promise;
  }

  /** A connection of its own, for what is not HTTP/1.1. It ends with this transport. */
  async dial(protocol: ConnectionProtocol): Promise<Duplex> {
    const socket = await dialEngine(this.host, this.#tls, protocol);
    this.#hijacked.add(socket);
    socket.once("close", () => this.#hijacked.delete(socket));
    return socket;
  }

  /** Ends what is open; requests under way fail. */
  async close(): Promise<void> {
    this.#heartbeat.close();
    for (const socket of this.#hijacked) socket.destroy();
    this.#pool.close();
    this.#pingPool.close();
  }

  /** Calls `onFrozen` when the engine answers nothing any more: for what is spoken with it beside HTTP/1.1. */
  watch(what: string, onFrozen: (error: EngineTimeoutError) => void): Disposable {
    return this.#heartbeat.watch(what, onFrozen);
  }

  /**
   * Starts the clock of a call.
   *
   * @returns the signal that ends the call, and what to do when it is over
   * @throws EngineTimeoutError at once when the engine is frozen
   */
  #begin(request: EngineRequest): { signal: AbortSignal; end: () => void } {
    const { signal, method, kind = method === "GET" || method === "HEAD" ? "look" : "change" } = request;
    signal?.throwIfAborted();
    const refused = request.path === PING_PATH ? undefined : this.#heartbeat.refusal(describe(request));
    if (refused !== undefined) throw refused;
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const { lookMs, changeMs } = this.#limits;
    const limitMs = { look: lookMs, change: changeMs, stream: undefined }[kind];
    const expired = () => controller.abort(new EngineTimeoutError(this.host.display, describe(request), limitMs ?? 0));
    const timer = limitMs === undefined ? undefined : setTimeout(expired, limitMs);
    const watch = kind === "look" ? undefined : this.watch(describe(request), (error) => controller.abort(error));
    return {
      signal: controller.signal,
      end: () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        watch?.[Symbol.dispose]();
      },
    };
  }

  async #ping(signal: AbortSignal): Promise<void> {
    const headers = this.#headersOf({ method: "GET", path: PING_PATH });
    const answer = await this.#pingPool.request({ method: "GET", path: PING_PATH, headers, signal });
    for await (const _ of answer) continue;
  }

  #headersOf({ json, headers }: EngineRequest): Record<string, string | string[]> {
    return { ...this.moreHeaders, host: "localhost", ...(json === undefined ? {} : JSON_TYPE), ...headers };
  }

  #translate(request: EngineRequest, error: unknown): unknown {
    if (error instanceof DockerError) return error;
    if (request.signal?.aborted) return request.signal.reason;
    return new EngineConnectionLostError(this.host.display, describe(request), error);
  }
}

/** What frames a message and holds a connection (RFC 9110, section 7.6.1) is the HTTP client's to say. */
const OF_THE_CONNECTION = new Set([
  ...["connection", "proxy-connection", "keep-alive", "upgrade", "te", "trailer", "transfer-encoding"],
  ...["content-length", "expect", "host", "http2-settings"],
]);
const JSON_TYPE = { "content-type": "application/json" };
/** Asked of an engine that is frozen too: its answer is how one knows. */
export const PING_PATH = "/_ping";

function pathOf({ path, query }: EngineRequest): string {
  return query && query.size > 0 ? `${path}?${query.toString()}` : path;
}

/** Method and path: queries may hold build arguments, which do not belong in an error. */
function describe({ method, path }: EngineRequest): string {
  return `${method} ${path}`;
}

async function refusal(request: EngineRequest, status: number, body: Readable): Promise<EngineError> {
  let text = "";
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > MAX_ERROR_CHARS) break;
  }
  const facts = { status, request: describe(request), engineMessage: messageOf(text) || `HTTP status ${status}` };
  if (status === 404) return new EngineNotFoundError(facts);
  if (status === 409) return new EngineConflictError(facts);
  return new EngineError(facts);
}

function messageOf(text: string): string {
  if (!text.trimStart().startsWith("{")) return text.trim();
  try {
    const value = JSON.parse(text) as { message?: unknown };
    return typeof value.message === "string" ? value.message : text.trim();
  } catch {
    // Not the engine's JSON after all (a proxy's page, say): its text is the best there is.
    return text.trim();
  }
}
