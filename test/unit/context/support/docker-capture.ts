import { execFileSync, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { extract } from "tar-stream";
import { socketFolder } from "../../../socket-folder.ts";

/** An entry of the tar that the command line sent. Directories end with a slash. */
export interface SentEntry {
  path: string;
  type: string;
  isExecutable: boolean;
  content: string;
  target?: string;
}

/** What one `docker build` sent, or what it said instead. */
export type Sent = { entries: SentEntry[]; dockerfile: string } | { error: string };

/**
 * A stand-in for an engine that takes builds from the real Docker command line and keeps the context it is sent. It answers
 * the three calls that a build in the command line's own (not BuildKit) mode makes: `_ping`, `info`, `build`.
 */
export class DockerCapture implements AsyncDisposable {
  /** Of the command line: 20, 28. */
  readonly majorVersion: number;
  readonly #cli: string;
  readonly #folder = socketFolder();
  readonly #server: Server;
  readonly #sent = new Map<string, { entries: SentEntry[]; dockerfile: string }>();
  #builds = 0;

  private constructor(cli: string) {
    this.#cli = cli;
    this.majorVersion = Number(/version (\d+)\./.exec(execFileSync(cli, ["--version"], { encoding: "utf8" }))?.[1]);
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(cli: string): Promise<DockerCapture> {
    const capture = new DockerCapture(cli);
    await new Promise<void>((resolve) => capture.#server.listen(join(capture.#folder.path, "engine.sock"), resolve));
    return capture;
  }

  /** Runs `docker build` on the context. */
  async build(dir: string, args: readonly string[] = []): Promise<Sent> {
    const tag = `capture:${++this.#builds}`;
    const child = spawn(this.#cli, ["build", "-q", "-t", tag, ...args, "."], {
      cwd: dir,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        DOCKER_HOST: `unix://${join(this.#folder.path, "engine.sock")}`,
        DOCKER_CONFIG: this.#folder.path,
        DOCKER_BUILDKIT: "0",
        DOCKER_CONTEXT: "",
      },
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    await new Promise<void>((resolve, reject) => child.on("close", () => resolve()).on("error", reject));
    return this.#sent.get(tag) ?? { error: stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    this.#folder.remove();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://engine");
    // Newer than any: each command line then speaks its own version, and none finds the engine too old.
    response.setHeader("Api-Version", "1.99");
    response.setHeader("Ostype", "linux");
    if (url.pathname.endsWith("/_ping")) {
      response.end("OK");
    } else if (url.pathname.endsWith("/build")) {
      // When it rewrites an archive the command line leaves out the end: the padding and the two empty blocks.
      const body = await buffer(request);
      const entries = await readTar(Readable.from([body, Buffer.alloc(512 - (body.length % 512) + 1024)]));
      this.#sent.set(url.searchParams.get("t") ?? "", {
        entries,
        dockerfile: url.searchParams.get("dockerfile") ?? "",
      });
      response.setHeader("Content-Type", "application/json");
      response.end(`${JSON.stringify({ stream: "sha256:0\n" })}\n`);
    } else {
      response.setHeader("Content-Type", "application/json");
      response.end("{}");
    }
  }
}

/** The entries of a tar, read by a library that is not ours. */
export async function readTar(stream: NodeJS.ReadableStream): Promise<SentEntry[]> {
  const entries: SentEntry[] = [];
  const reader = extract();
  reader.on("entry", (header, body, next) => {
    const chunks: Buffer[] = [];
    body.on("data", (chunk: unknown) => void chunks.push(chunk as Buffer));
    body.on("end", () => {
      entries.push({
        path: header.type === "directory" ? `${header.name.replace(/\/$/, "")}/` : header.name,
        type: header.type ?? "?",
        isExecutable: header.type === "file" && ((header.mode ?? 0) & 0o111) !== 0,
        content: Buffer.concat(chunks).toString(),
        ...(header.linkname ? { target: header.linkname } : {}),
      });
      next();
    });
  });
  stream.pipe(reader);
  await finished(reader);
  return entries;
}
