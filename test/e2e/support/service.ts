import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServiceProcess, type ServiceProcess } from "../../../scripts/quickstart/local-service.ts";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { repo } from "./pulumi-project.ts";

/** Has the process hold its answers against its own description, `/openapi.json`. */
const OBSERVER = new URL("../../contract/openapi/observe-process.ts", import.meta.url).href;

/** A local service of the test's own, with a client that looks at it from outside. */
export interface TestService extends AsyncDisposable {
  env: ServiceProcess["env"];
  client: NullspaceClient;
  /** Folder of its store and its blobs. */
  dataDir: string;
  logFile: string;
  /** Stops the process and keeps its data. */
  stop(): Promise<void>;
}

/**
 * Starts the built service as a user does.
 *
 * @param options.data a folder of an earlier service, and a key that it knows; default: a new one
 * @param options.serve further options of its command; default: none
 */
export async function startTestService(
  options: { env?: Record<string, string>; data?: { dir: string; apiKey: string }; serve?: readonly string[] } = {},
): Promise<TestService> {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-service-"));
  const dataDir = options.data?.dir ?? join(folder, "data");
  const logFile = join(folder, "service.log");
  const problems = join(folder, "undescribed-answers");
  writeFileSync(problems, "");
  const service = await startServiceProcess({
    node: ["--import", OBSERVER, join(repo, "service", "dist", "bin", "nullspace-local.js")],
    dataDir,
    logFile,
    env: { ...process.env, ...options.env, NULLSPACE_TEST_PROBLEMS: problems },
    ...(options.data && { apiKey: options.data.apiKey }),
    ...(options.serve && { serve: options.serve }),
  });
  const client = new NullspaceClient({ apiKey: service.env.NULLSPACE_API_KEY, baseUrl: service.env.NULLSPACE_API_URL });
  let running = true;
  const stop = async (): Promise<void> => {
    if (!running) return;
    running = false;
    await service.stop();
  };
  return {
    env: service.env,
    client,
    dataDir,
    logFile,
    stop,
    async [Symbol.asyncDispose]() {
      await client.close();
      await stop();
      const undescribed = readFileSync(problems, "utf8");
      rmSync(folder, { recursive: true, force: true });
      if (undescribed !== "") throw new Error(`answers that are not as /openapi.json says:\n${undescribed}`);
    },
  };
}

/** The small image that every test builds on. */
export function baseImage(): string {
  const image = process.env.NULLSPACE_BASE_IMAGE;
  if (!image) throw new Error("NULLSPACE_BASE_IMAGE is not set: start the tests with `npm test`");
  return image;
}
