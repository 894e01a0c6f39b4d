import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** Python with the service's published client (`nullspace-sdk`) in it. */
export const PYTHON = required("NULLSPACE_PYTHON");

/** How a program or command of the published client ended. */
export interface PythonResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** The service that the client is to reach, as its settings say it. */
export interface PythonSettings {
  url: string;
  apiKey: string;
  /** Home folder, where the client looks for its configuration. */
  home: string;
}

/** The published Python client: its programs and its command line, each in a process of its own, all from one server. */
export class PythonClient implements AsyncDisposable {
  readonly #server: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, PromiseWithResolvers<PythonResult>>();
  #next = 0;

  constructor({ url, apiKey, home }: PythonSettings) {
    const script = fileURLToPath(new URL("fork-server.py", import.meta.url));
    this.#server = spawn(PYTHON, [script], {
      cwd: home,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        NULLSPACE_API_URL: url,
        NULLSPACE_API_KEY: apiKey,
        NULLSPACE_BASE_IMAGE: process.env.NULLSPACE_BASE_IMAGE,
        NO_PROXY: "127.0.0.1",
        // No certificates: the client would read all of the machine's for every call, which takes longer than the call.
        SSL_CERT_DIR: home,
        PYTHONDONTWRITEBYTECODE: "1",
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#server.stdout }).on("line", (line) => {
      const { id, ...result } = JSON.parse(line) as PythonResult & { id: number };
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    });
    const end = (why: string): void => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The Python server ended: ${why}`));
      this.#waiting.clear();
    };
    this.#server.once("error", (error) => end(error.message));
    this.#server.once("close", (code, signal) => end(signal ?? `code ${code}`));
    // A request to a server that has gone is answered by the `close` above.
    this.#server.stdin.on("error", (error) => end(error.message));
  }

  /**
   * Runs statements that leave their answer in `answer`.
   *
   * @returns that answer, through JSON
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the statements put there
  async run(program: string): Promise<any> {
    const { code, stdout, stderr } = await this.#ask({ program });
    const answer = /^ANSWER (.*)$/m.exec(stdout)?.[1];
    if (code !== 0 || answer === undefined) throw new Error(`Python ended with ${code}:\n${stderr}\n${stdout}`);
    return JSON.parse(answer);
  }

  /** Runs a command line: what follows `nullspace`. */
  command(...argv: string[]): Promise<PythonResult> {
    return this.#ask({ argv });
  }

  /** Ends the server, and what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    this.#server.stdin.end();
    await once(this.#server, "close");
  }

  #ask(request: { program: string } | { argv: string[] }): Promise<PythonResult> {
    const answer = Promise.withResolvers<PythonResult>();
    const id = this.#next++;
    this.#waiting.set(id, answer);
    this.#server.stdin.write(`${JSON.stringify({ id, ...request })}\n`);
    return answer.promise;
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set: start the tests with \`npm test\``);
  return value;
}
