import type { DockerEngine } from "pulumi-nullspace/docker";
import { EngineArtifactStore } from "../artifacts/engine/engine-artifact-store.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { EngineExecutor } from "../builders/engine/engine-executor.ts";
import { DockerMachineDriver } from "../drivers/docker/docker-driver.ts";
import { ImagePulls, type PullCredentials } from "../drivers/docker/image-pulls.ts";
import { pingEngine } from "../drivers/docker/ping-engine.ts";
import type { Place } from "../health/place.ts";
import type { ImageParts, MachineParts } from "./parts.ts";

/** Images on Docker Engine, which builds them, too. */
export function engineImages(engine: DockerEngine, blobs: BlobStore, instanceId: string): ImageParts {
  return {
    executor: new EngineExecutor({ engine, blobs, instanceId }),
    artifacts: new EngineArtifactStore(engine, instanceId),
    buildCache: {
      async usage(signal) {
        const usage = await engine.buildCacheUsage({ signal });
        return usage && { bytes: usage.totalBytes, spareBytes: usage.reclaimableBytes };
      },
      // Cache that images could still use counts, too, or there would be nothing to take away.
      prune: (keepStorage, signal) => engine.pruneBuilds({ all: true, keepStorage, signal }),
    },
    places: [enginePlace(engine)],
  };
}

/** Machines on Docker Engine. @param pullCredentials where their images are in a registry: gives the credentials for it */
export function engineMachines(
  engine: DockerEngine,
  instanceId: string,
  pullCredentials?: PullCredentials,
): MachineParts & { driver: DockerMachineDriver } {
  const pulls = pullCredentials && new ImagePulls(engine, pullCredentials);
  return { driver: new DockerMachineDriver(engine, instanceId, pulls), places: [enginePlace(engine)] };
}

function enginePlace(engine: DockerEngine): Place {
  return {
    name: "engine",
    subject: "The engine",
    title: "Docker Engine",
    host: engine.host,
    look: (signal) => pingEngine(engine, signal),
  };
}
