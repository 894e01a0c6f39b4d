import { StringDecoder } from "node:string_decoder";
import type { WebSocket } from "@fastify/websocket";
import type { FastifyBaseLogger } from "fastify";
import { ExecClientMessage, type ExecServerMessage } from "pulumi-nullspace/wire";
import { ConflictError, InvalidRequestError } from "../errors.ts";
import type { GuestOutput } from "../fleet/guests/machine-driver.ts";
import type { LiveCommand } from "../fleet/machines/live-commands.ts";
import {
  streamCommand,
  streamProcess,
  type CommandStream,
  type StreamAccess,
} from "../fleet/machines/stream-command.ts";
import { toServiceError } from "./errors.ts";

/** Commands of one connection that run at the same time. */
const MAX_COMMANDS = 16;

/** Bytes of output in one message: escaped it stays below the megabyte that clients take. */
const MAX_PIECE_BYTES = 64 * 1024;

/** As the contract says: a ping so often, and the end after two that nobody answered. */
const PING_INTERVAL_MS = 15_000;
const MAX_MISSED_PONGS = 2;

/** A client that does not answer the close gets so long. */
const CLOSE_GRACE_MS = 2_000;

/** RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;

/** The exec channel of one WebSocket: several commands at a time, each under the id that the client gave it. */
export class ExecChannel {
  readonly #socket: WebSocket;
  readonly #access: StreamAccess;
  readonly #machineId: string;
  readonly #log: FastifyBaseLogger;
  readonly #gone = new AbortController();
  /** What runs, by the client's id; without a command while it starts, or when it is another's process. */
  readonly #running = new Map<string, LiveCommand | undefined>();

  constructor(
    socket: WebSocket,
    access: StreamAccess,
    machineId: string,
    stopping: AbortSignal,
    log: FastifyBaseLogger,
  ) {
    this.#socket = socket;
    this.#access = access;
    this.#machineId = machineId;
    this.#log = log;
    let missed = 0;
    const pings = setInterval(() => {
      if (missed >= MAX_MISSED_PONGS) return socket.terminate();
      missed += 1;
      socket.ping();
    }, PING_INTERVAL_MS);
    socket.on("pong", () => (missed = 0));
    const stop = (): void => {
      socket.close(GOING_AWAY, "the service is stopping");
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    };
    stopping.addEventListener("abort", stop, { once: true });
    socket.on("close", () => {
      clearInterval(pings);
      stopping.removeEventListener("abort", stop);
      this.#gone.abort(new Error("the client went away"));
    });
    socket.on("message", (data: Buffer, isBinary: boolean) =>
      this.#receive(isBinary ? undefined : data.toString("utf8")),
    );
  }

  #receive(text: string | undefined): void {
    const message = readMessage(text);
    if (typeof message === "string") return void this.#send({ type: "error", id: idOf(text), message });
    try {
      this.#handle(message);
    } catch (error) {
      this.#fail(message.id, error);
    }
  }

  #handle(message: ExecClientMessage): void {
    if (message.type === "exec_start" || message.type === "exec_connect") {
      if (this.#running.has(message.id)) throw new InvalidRequestError(`id: "${message.id}" runs already.`);
      if (this.#running.size >= MAX_COMMANDS) {
        throw new ConflictError(`${MAX_COMMANDS} commands run on this connection; open another.`);
      }
      return void this.#stream(message);
    }
    const command = this.#running.get(message.id);
    if (command === undefined) throw new ConflictError(`No command "${message.id}" was started on this connection.`);
    if (message.type === "exec_stdin") command.write(message.data);
    if (message.type === "exec_stdin_close") command.stdin.end();
    if (message.type === "exec_kill") command.kill();
  }

  async #stream(message: Extract<ExecClientMessage, { type: "exec_start" | "exec_connect" }>): Promise<void> {
    const { id } = message;
    this.#running.set(id, undefined);
    let pid = 0;
    const texts = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
    const say = async (stream: GuestOutput["stream"], data: string): Promise<void> => {
      if (data !== "") await this.#send({ type: `exec_${stream}`, id, pid, data });
    };
    const stream: CommandStream = {
      gone: this.#gone.signal,
      started: (processId, command) => {
        pid = processId;
        this.#running.set(id, command);
        return this.#send({ type: "exec_started", id, pid });
      },
      output: async ({ stream: name, data }) => {
        for (let at = 0; at < data.length; at += MAX_PIECE_BYTES) {
          await say(name, texts[name].write(data.subarray(at, at + MAX_PIECE_BYTES)));
        }
      },
    };
    try {
      const exitCode =
        message.type === "exec_start"
          ? await streamCommand(this.#access, this.#machineId, message, stream)
          : await streamProcess(this.#access, this.#machineId, message.pid, stream);
      for (const name of ["stdout", "stderr"] as const) await say(name, texts[name].end());
      this.#running.delete(id);
      await this.#send({ type: "exec_exit", id, pid, exit_code: exitCode });
    } catch (error) {
      this.#running.delete(id);
      this.#fail(id, error);
    }
  }

  #fail(id: string, thrown: unknown): void {
    if (this.#gone.signal.aborted) return;
    const error = toServiceError(thrown);
    if (error.status >= 500)
      this.#log.error({ err: error.cause ?? error, code: error.code }, "a streamed command failed");
    void this.#send({ type: "error", id, message: error.message });
  }

  /** Done when the message has left for the network: a client that reads slowly slows down what is read for it. */
  #send(message: ExecServerMessage): Promise<void> {
    return new Promise((resolve) => {
      // A connection that has gone is told by its own event.
      this.#socket.send(JSON.stringify(message), () => resolve());
    });
  }
}

/** @returns what is wrong with it, when it is no message of this channel */
function readMessage(text: string | undefined): ExecClientMessage | string {
  if (text === undefined) return "Messages are JSON text, not binary.";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "The message is not JSON.";
  }
  const parsed = ExecClientMessage.safeParse(value);
  if (parsed.success) return parsed.data;
  const { type } = (value ?? {}) as { type?: unknown };
  if (typeof type === "string" && /^(?:pty|file)_/.test(type)) return `The local service has no ${type}.`;
  const [issue] = parsed.error.issues;
  return `The message is invalid: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
}

/** The id of a message that may be anything. */
function idOf(text: string | undefined): string {
  try {
    const { id } = JSON.parse(text ?? "") as { id?: unknown };
    return typeof id === "string" ? id : "";
  } catch {
    return "";
  }
}
