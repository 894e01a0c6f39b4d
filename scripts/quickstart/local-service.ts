import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";

/** A `nullspace-local serve` that runs as a process of its own. */
export interface ServiceProcess {
  /** Where it is, and its key. */
  env: { NULLSPACE_API_URL: string; NULLSPACE_API_KEY: string };
  pid: number;
  /** Stops it and waits for its end. */
  stop(): Promise<void>;
  /** Lets it live on after this process; it would end with it. */
  detach(): Promise<void>;
}

/** What has it end with this process, however that ends. */
const END_WITH_STARTER = new URL("end-with-starter.ts", import.meta.url).href;
/** What that module takes for leave to stay; it is not imported here, as it would watch this process. */
const STAY = "stay";

const START_TIMEOUT_MS = 30_000;

/** Starts the service on a free port and waits until it has said where it is. */
export async function startServiceProcess(options: {
  /** Flags of Node, and the program. */
  node: readonly string[];
  dataDir: string;
  logFile: string;
  env: NodeJS.ProcessEnv;
  /** Further options of `serve`. Default: none. */
  serve?: readonly string[];
  /** Key of an earlier start on the same folder, which no later one prints. Default: the one that the first start prints. */
  apiKey?: string;
}): Promise<ServiceProcess> {
  const log = openSync(options.logFile, "a");
  const child = spawn(
    process.execPath,
    [
      "--import",
      END_WITH_STARTER,
      ...options.node,
      "serve",
      "--port",
      "0",
      "--data",
      options.dataDir,
      ...(options.serve ?? []),
    ],
    {
      env: options.env,
      stdio: ["pipe", "pipe", log],
      // A group of its own: Ctrl-C reaches us, and we stop the service after what uses it.
      detached: true,
    },
  );
  closeSync(log); // the child has its own copy
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error("the local service was started without a standard input and output");
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const lines = createInterface({ input: stdout });
  const found: Record<string, string> = options.apiKey === undefined ? {} : { NULLSPACE_API_KEY: options.apiKey };
  const timer = setTimeout(() => child.kill("SIGKILL"), START_TIMEOUT_MS);
  try {
    for await (const line of lines) {
      const match = /^(?:export )?(NULLSPACE_API_URL|NULLSPACE_API_KEY)=(.+)$/.exec(line);
      if (match?.[1] && match[2]) found[match[1]] = match[2];
      if (found.NULLSPACE_API_URL && found.NULLSPACE_API_KEY) break;
    }
  } finally {
    clearTimeout(timer);
  }
  const { NULLSPACE_API_URL, NULLSPACE_API_KEY } = found;
  if (!NULLSPACE_API_URL || !NULLSPACE_API_KEY || child.pid === undefined) {
    throw new Error(
      `the local service did not start; its log (${options.logFile}) says:\n${await readFile(options.logFile, "utf8")}`,
    );
  }
  return {
    env: { NULLSPACE_API_URL, NULLSPACE_API_KEY },
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
    async detach() {
      stdin.end(STAY);
      await finished(stdin, { readable: false });
      stdout.destroy();
      child.unref();
    },
  };
}
