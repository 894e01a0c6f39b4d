import { pipeline } from "node:stream/promises";
import { Readable, Writable } from "node:stream";
import { WebSocket, type ClientOptions } from "ws";
import * as z from "zod";
import { KubernetesError, type KubernetesAwayError } from "./errors.ts";
import { isTlsRefusal, queryText, readStatus, tlsOptions, type KubernetesClient } from "./kubernetes-client.ts";

/** A command to run in a container of a pod. It gets neither variables nor a user nor a folder: the API has none. */
export interface PodExec {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Program and arguments. They are part of a URL, so they come into the server's audit log. */
  readonly command: readonly string[];
  /** What the command reads. @default nothing: it reads no end either, unless the server speaks v5 */
  readonly stdin?: Uint8Array | Readable | undefined;
  /** The command needs to see the end of its input, so that a server without v5 of the protocol is refused. */
  readonly needsStdinEnd?: boolean;
  /** Gets each piece of output; the next is read when it is done. */
  readonly onOutput: (output: { stream: "stdout" | "stderr"; data: Buffer }) => void | Promise<void>;
  /** Ends the connection, and not the command. */
  readonly signal: AbortSignal;
}

/** v5 has a message that closes stdin (KEP-4006, on by default since Kubernetes 1.30); without it, v4 is the same. */
const V5 = "v5.channel.k8s.io";
const V4 = "v4.channel.k8s.io";

const CHANNELS = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

const HANDSHAKE_MS = 20_000;
/** The server sends what the container writes in pieces of 32 KiB; nothing that it sends is near this. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const STDIN_CHUNK_BYTES = 32 * 1024;
const MAX_STATUS_BYTES = 64 * 1024;
/** A connection is alive when it answers a ping; one that does not for two of them is lost. */
const PING_MS = 15_000;

const ExecStatus = z.looseObject({
  status: z.enum(["Success", "Failure"]),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  code: z.number().nullish(),
  details: z
    .looseObject({
      causes: z.array(z.looseObject({ reason: z.string().nullish(), message: z.string().nullish() })).nullish(),
    })
    .nullish(),
});

/**
 * Runs a command in a container to its end.
 *
 * @returns its exit code
 * @throws KubernetesError when it cannot be run; KubernetesAwayError also when the connection breaks off, after which nothing
 *   is known of the command; what `onOutput` throws; the signal's reason
 */
export async function execInPod(client: KubernetesClient, exec: PodExec): Promise<number> {
  exec.signal.throwIfAborted();
  const socket = await connect(client, exec);
  return new Exchange(client, exec, socket).run();
}

async function connect(client: KubernetesClient, exec: PodExec, isAgain = false): Promise<WebSocket> {
  const { access } = client;
  const path = `/api/v1/namespaces/${exec.namespace}/pods/${exec.pod}/exec`;
  const flags = { container: exec.container, stdin: true, stdout: true, stderr: true, tty: false };
  const commands = exec.command.map((word) => `&command=${encodeURIComponent(word)}`).join("");
  const identity = await client.identity(exec.signal);
  const options: ClientOptions = {
    ...tlsOptions(access, identity),
    headers: {
      "user-agent": "nullspace-local",
      ...(identity.token !== undefined && { authorization: `Bearer ${identity.token}` }),
    },
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  };
  const url = `${access.server.replace(/^http/, "ws")}${path}${queryText(flags)}${commands}`;
  const socket = new WebSocket(url, exec.needsStdinEnd ? [V5] : [V5, V4], options);
  const request = `GET ${path}`;
  try {
    return await opened(socket, client, request, exec);
  } catch (error) {
    socket.terminate();
    const isRefused = (error instanceof KubernetesError && error.status === 401) || isTlsRefusal(error);
    if (!isRefused || isAgain) throw error;
    client.forgetCredentials();
    return connect(client, exec, true);
  }
}

function opened(socket: WebSocket, client: KubernetesClient, request: string, { signal }: PodExec): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    const settle = (work: () => void) => {
      signal.removeEventListener("abort", abort);
      work();
    };
    // What comes with the opening waits until somebody listens.
    socket.once("open", () => {
      socket.pause();
      settle(() => resolve(socket));
    });
    // Stays: what comes after the opening is told by the end of the connection.
    socket.on("error", (error) => settle(() => reject(client.awayError(request, error))));
    socket.once("unexpected-response", (_request, response) => {
      void readStatus(response.statusCode ?? 0, response.headers["retry-after"], response).then((facts) =>
        settle(() => reject(new KubernetesError(request, facts))),
      );
    });
    if (signal.aborted) abort();
  });
}

/** What goes to and fro while a command runs. */
class Exchange {
  readonly #client: KubernetesClient;
  readonly #exec: PodExec;
  readonly #socket: WebSocket;
  /** Pieces that came and are not taken yet. */
  readonly #queue: { stream: "stdout" | "stderr"; data: Buffer }[] = [];
  #isTaking = false;
  #status = "";
  #isPongDue = false;
  readonly #end = Promise.withResolvers<number>();

  constructor(client: KubernetesClient, exec: PodExec, socket: WebSocket) {
    this.#client = client;
    this.#exec = exec;
    this.#socket = socket;
  }

  async run(): Promise<number> {
    const { signal } = this.#exec;
    const abort = () => this.#fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    this.#socket.on("message", (data) => this.#hear(data as Buffer));
    this.#socket.on("close", () => this.#finish());
    this.#socket.on("pong", () => (this.#isPongDue = false));
    const pinging = setInterval(() => this.#ping(), PING_MS);
    try {
      if (signal.aborted) abort();
      this.#socket.resume();
      // A command may end without reading all of its input: what it says then is what counts.
      this.#sendInput().catch(() => undefined);
      return await this.#end.promise;
    } finally {
      clearInterval(pinging);
      signal.removeEventListener("abort", abort);
      this.#socket.terminate();
    }
  }

  #hear(message: Buffer): void {
    const data = message.subarray(1);
    if (message[0] === CHANNELS.status) {
      if (this.#status.length < MAX_STATUS_BYTES) this.#status += data.toString("utf8");
    } else if ((message[0] === CHANNELS.stdout || message[0] === CHANNELS.stderr) && data.length > 0) {
      this.#queue.push({ stream: message[0] === CHANNELS.stdout ? "stdout" : "stderr", data });
      void this.#take();
    }
  }

  /** Nothing more is read while somebody looks at what there is, so a slow reader slows the command down. */
  async #take(): Promise<void> {
    if (this.#isTaking) return;
    this.#isTaking = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const taking = this.#exec.onOutput(next);
        if (taking === undefined) continue;
        this.#socket.pause();
        await taking;
        this.#socket.resume();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isTaking = false;
    }
    if (this.#socket.readyState === WebSocket.CLOSED) this.#finish();
  }

  /** The connection is over, and everything that came is taken. */
  #finish(): void {
    if (this.#isTaking || this.#queue.length > 0) return;
    try {
      const exitCode = exitCodeOf(this.#status);
      if (exitCode === undefined) this.#fail(this.#lost());
      else this.#end.resolve(exitCode);
    } catch (error) {
      this.#fail(error);
    }
  }

  #lost(): KubernetesAwayError {
    return this.#client.awayError(`exec in pod ${this.#exec.pod}`, new Error("the connection broke off while it ran"));
  }

  #fail(error: unknown): void {
    this.#end.reject(error);
    this.#socket.terminate();
  }

  #ping(): void {
    // Paused, nothing is heard of an answer.
    if (this.#socket.isPaused || this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#isPongDue) return this.#fail(this.#lost());
    this.#isPongDue = true;
    this.#socket.ping();
  }

  async #sendInput(): Promise<void> {
    const { stdin } = this.#exec;
    if (stdin !== undefined) {
      const into = new Writable({
        write: (chunk: Buffer, _encoding, done) => void this.#sendAll(chunk).then(() => done(), done),
      });
      await pipeline(stdin instanceof Uint8Array ? Readable.from([stdin]) : stdin, into, { signal: this.#exec.signal });
    }
    if (this.#socket.protocol === V5) await this.#send(Buffer.from([CHANNELS.close, CHANNELS.stdin]));
  }

  async #sendAll(data: Uint8Array): Promise<void> {
    for (let from = 0; from < data.length; from += STDIN_CHUNK_BYTES) {
      await this.#send(Buffer.concat([Buffer.from([CHANNELS.stdin]), data.subarray(from, from + STDIN_CHUNK_BYTES)]));
    }
  }

  #send(message: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(message, (error) => (error == null ? resolve() : reject(error)));
    });
  }
}

/** @returns `undefined` when nothing was said. @throws KubernetesError when the command could not be run */
function exitCodeOf(status: string): number | undefined {
  if (status === "") return undefined;
  const { status: outcome, reason, message, code, details } = ExecStatus.parse(JSON.parse(status));
  if (outcome === "Success") return 0;
  const exitCode = details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
  if (reason === "NonZeroExitCode" && exitCode != null) return Number(exitCode);
  throw new KubernetesError("exec", { status: code ?? 500, reason: reason ?? "", causes: [], message: message ?? "" });
}
