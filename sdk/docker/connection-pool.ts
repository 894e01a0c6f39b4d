import type { ClientRequest, IncomingMessage } from "node:http";
import { type Duplex, pipeline, type Readable } from "node:stream";
import { Semaphore } from "../concurrency/index.ts";
import { http } from "./node-http.ts";

/** A connection that nobody has used for so long is closed; who stands between may have forgotten it by then. */
const IDLE_MS = 4_000;

/** One HTTP/1.1 request. */
export interface PooledRequest {
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string | string[]>;
  body?: Readable | Uint8Array | string | undefined;
  /** Called when all of it was handed to the system. */
  onSent?: (() => void) | undefined;
  /** Ends the request, and the reading of the answer; both then fail with its reason. */
  signal: AbortSignal;
}

/** HTTP/1.1 on connections that are kept for the next request. */
export class ConnectionPool {
  readonly #agent: DialingAgent;
  /** The agent does not count connections that are being opened. */
  readonly #turns: Semaphore;
  readonly #underWay = new Set<(reason: Error) => void>();
  #isClosed = false;

  /** @param dial opens a connection @param connections how many may be open at once; more requests wait for one */
  constructor(dial: () => Promise<Duplex>, connections: number) {
    this.#agent = new DialingAgent(dial, connections);
    this.#turns = new Semaphore(connections);
  }

  /** @returns the answer, whose connection is free again when its body was read, or destroyed */
  request(request: PooledRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    this.#turns.run(request.signal, () => this.#send(request, resolve, reject)).catch(reject);
    return promise;
  }

  /** Closes every connection; what is under way fails. */
  close(): void {
    this.#isClosed = true;
    for (const fail of this.#underWay) fail(new Error("the connections were closed"));
    this.#agent.destroy();
  }

  /** Ends when the connection is free again. */
  async #send(
    { method, path, headers, body, onSent, signal }: PooledRequest,
    onAnswer: (answer: IncomingMessage) => void,
    onFailure: (error: unknown) => void,
  ): Promise<void> {
    if (this.#isClosed) throw new Error("the connections are closed");
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const call = http.request({ agent: this.#agent, method, path, headers });
    let answer: IncomingMessage | undefined;
    // A destroyed request tells its answer's reader nothing of the reason.
    const fail = (reason: Error) => (answer ?? call).destroy(reason);
    const abort = () => fail(signal.reason as Error);
    this.#underWay.add(fail);
    signal.addEventListener("abort", abort, { once: true });
    // Also one after the answer, such as a context of which the engine has read enough.
    call.on("error", onFailure);
    call.once("close", end);
    if (onSent) call.once("finish", onSent);
    call.once("response", (response: IncomingMessage) => {
      answer = response;
      // Whoever reads is told by the stream; nobody else has to be.
      response.on("error", () => {});
      // What has been answered is not sent any further.
      response.once("close", () => {
        if (!call.writableFinished) call.destroy();
        end();
      });
      onAnswer(response);
    });
    send(call, body);
    try {
      await over;
    } finally {
      this.#underWay.delete(fail);
      signal.removeEventListener("abort", abort);
    }
  }
}

function send(call: ClientRequest, body: PooledRequest["body"]): void {
  // What goes wrong with it ends the call, which tells.
  if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array)) pipeline(body, call, () => {});
  else call.end(body);
}

/** Connects by `dial`, and closes what is idle, whatever kind of stream it is. */
class DialingAgent extends http.Agent {
  readonly #dial: () => Promise<Duplex>;
  readonly #idle = new WeakMap<Duplex, NodeJS.Timeout>();

  constructor(dial: () => Promise<Duplex>, connections: number) {
    super({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
    this.#dial = dial;
  }

  override createConnection(_options: unknown, callback?: (error: Error | null, stream: Duplex) => void): undefined {
    this.#dial().then(
      (stream) => callback?.(null, stream),
      (error: unknown) => callback?.(error as Error, undefined as never),
    );
  }

  override keepSocketAlive(stream: Duplex): boolean {
    // It says so, whatever its type says: a server may have announced that it closes the connection at once.
    if ((super.keepSocketAlive(stream) as unknown) === false) return false;
    this.#idle.set(stream, setTimeout(() => stream.destroy(), IDLE_MS).unref());
    return true;
  }

  override reuseSocket(stream: Duplex, request: ClientRequest): void {
    clearTimeout(this.#idle.get(stream));
    super.reuseSocket(stream, request);
  }
}
