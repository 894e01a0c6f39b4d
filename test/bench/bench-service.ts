import { join } from "node:path";
import { startServiceProcess } from "../../scripts/quickstart/local-service.ts";
import { repo } from "../e2e/support/pulumi-project.ts";
import { removeBuiltImages } from "./measure.ts";

/** A service as it is published, to be measured. */
export interface BenchService {
  /** What clients read of it. */
  env: Record<string, string>;
  /** Ends it, and removes the images that it has built. */
  stop(): Promise<void>;
}

/** @param folder of the run: the service's data and log go below it @param base image of the builtin template */
export async function startBenchService(folder: string, base: string): Promise<BenchService> {
  const dataDir = join(folder, "service");
  const service = await startServiceProcess({
    node: [join(repo, "service", "dist", "bin", "nullspace-local.js")],
    dataDir,
    logFile: join(folder, "service.log"),
    env: { ...process.env, NULLSPACE_LOCAL_BASE_IMAGE: base },
  });
  return {
    env: service.env,
    async stop() {
      await service.stop();
      await removeBuiltImages(dataDir);
    },
  };
}
