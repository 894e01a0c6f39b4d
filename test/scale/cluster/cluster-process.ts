import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** What is told of a log when its program fails. */
const LOG_TAIL_BYTES = 4_000;

/** How a program of a cluster is started. */
export interface Program {
  /** What it is called: names its log, and itself in errors. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * A program of a cluster, which a test may kill, freeze and start again. It ends with the process that has started it, however that
 * ends.
 */
export class ClusterProcess {
  readonly #program: Program;
  readonly #logFile: string;
  #child: ChildProcess | undefined;

  /** @param folder where its log goes */
  constructor(folder: string, program: Program) {
    this.#program = program;
    this.#logFile = join(folder, `${program.name}.log`);
  }

  get name(): string {
    return this.#program.name;
  }

  /** `undefined` while it does not run. */
  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it, and does not wait until it answers. */
  async start(): Promise<void> {
    if (this.isRunning) throw new Error(`${this.name} runs already`);
    const { command, args, env } = this.#program;
    const log = openSync(this.#logFile, "a", 0o600);
    try {
      // The terminal's Ctrl-C is not for it: who has started it stops it.
      const child = spawn("setpriv", ["--pdeathsig=KILL", "--", command, ...args], {
        detached: true,
        stdio: ["ignore", log, log],
        env: env ?? process.env,
        cwd: "/",
      });
      this.#child = child;
      await once(child, "spawn");
    } finally {
      closeSync(log);
    }
  }

  /** Ends it as a crash does, which is also the quickest way: an API server waits for its watchers otherwise. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, and waits until it has. */
  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Freezes it: it keeps every connection, takes new ones, and answers nothing. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Lets it go on. */
  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** @throws when it has ended, with the end of its log */
  async expectRunning(): Promise<void> {
    if (this.isRunning) return;
    const how = this.#child?.signalCode ?? this.#child?.exitCode ?? "no start";
    throw new Error(`${this.name} (${basename(this.#program.command)}) ended (${how}). Its log:\n${await this.log()}`);
  }

  /** The end of its log. */
  async log(): Promise<string> {
    const text = await readFile(this.#logFile, "utf8");
    return text.slice(-LOG_TAIL_BYTES);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}
