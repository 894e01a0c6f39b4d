import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";

/** What BuildKit's own parser says of an instruction (scripts/setup/toolchain/dockerfile-parser). */
export interface BuildKitInstruction {
  line: number;
  endLine: number;
  keyword: string;
  /** Continued lines joined. */
  text: string;
  flags: string[];
  /** Pieces that its parser makes of what stands behind the flags. */
  words: string[];
  isJson: boolean;
  heredocs: { name: string; content: string; expands: boolean; stripsTabs: boolean }[];
  /** `null` where the instruction is refused. */
  meaning: unknown;
}

/** What BuildKit's own parser says of a Dockerfile. */
export interface BuildKitReading {
  escape: string;
  syntax: string;
  /** Empty when the parser takes the text. */
  parseError: string;
  /** Empty when the instructions are taken too. */
  error: string;
  instructions: BuildKitInstruction[];
}

/** BuildKit's parser as a process that reads one Dockerfile after the other. */
export class BuildKitParser implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = "";

  constructor(path = process.env["NULLSPACE_DOCKERFILE_PARSER"]) {
    if (!path) throw new Error("NULLSPACE_DOCKERFILE_PARSER is not set: run the tests by npm test");
    this.#process = spawn(path, { stdio: "pipe" });
    this.#process.stderr.on("data", (data: Buffer) => (this.#errors += data.toString("utf8")));
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** @returns one reading for each text, in order */
  async read(texts: readonly string[]): Promise<BuildKitReading[]> {
    this.#process.stdin.write(texts.map((text) => `${JSON.stringify(text)}\n`).join(""));
    const readings: BuildKitReading[] = [];
    while (readings.length < texts.length) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`BuildKit's parser has ended: ${this.#errors}`);
      readings.push(JSON.parse(value) as BuildKitReading);
    }
    return readings;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.stdin.end();
    await ended;
  }
}
