import { DockerEngine, type EngineTimeLimits } from "pulumi-nullspace/docker";
import type { BlobStore } from "../blobs/blob-store.ts";
import { DEFAULT_BASE_IMAGE } from "../templates/builtin-base.ts";
import { engineImages, engineMachines } from "./docker-engine.ts";
import type { KubernetesOptions } from "./kubernetes-options.ts";
import type { MachineParts, Parts } from "./parts.ts";

/** Which parts a service is made of; what is left out is Docker Engine. */
export interface PartsOptions {
  /** Docker Engine, as DOCKER_HOST spells it. Default: DOCKER_HOST, else the local socket. */
  readonly dockerHost?: string | undefined;
  readonly engineTimeLimits?: Partial<EngineTimeLimits> | undefined;
  /** A cluster that runs the machines. Default: the engine does. */
  readonly kubernetes?: KubernetesOptions | undefined;
  /** Image of the builtin template. Default: NULLSPACE_LOCAL_BASE_IMAGE, else {@link DEFAULT_BASE_IMAGE}. */
  readonly baseImage?: string | undefined;
}

/** What the parts are opened with. */
export interface PartsSurroundings {
  readonly blobs: BlobStore;
  /** Marks everything that this service makes outside of its data folder. */
  readonly instanceId: string;
}

/**
 * Opens the parts of a service: the one place that knows what there is to choose from. Everything else knows the seams.
 * What is not chosen is not loaded.
 */
export async function openParts(options: PartsOptions, { blobs, instanceId }: PartsSurroundings): Promise<Parts> {
  const { dockerHost, engineTimeLimits } = options;
  const engine = new DockerEngine({
    ...(dockerHost !== undefined && { host: dockerHost }),
    ...(engineTimeLimits !== undefined && { timeLimits: engineTimeLimits }),
  });
  const images = engineImages(engine, blobs, instanceId);
  const machines = await openMachines(options.kubernetes, engine, instanceId);
  return {
    ...images,
    ...machines,
    places: distinct([...images.places, ...machines.places]),
    baseImage: options.baseImage ?? (process.env.NULLSPACE_LOCAL_BASE_IMAGE || DEFAULT_BASE_IMAGE),
    async close() {
      await Promise.all([machines.close?.(), engine.close()]);
    },
  };
}

/** Machines on Docker Engine, unless a cluster is chosen; of that nothing is loaded before. */
async function openMachines(
  kubernetes: KubernetesOptions | undefined,
  engine: DockerEngine,
  instanceId: string,
): Promise<MachineParts & { close?(): Promise<void> }> {
  if (kubernetes === undefined) return engineMachines(engine, instanceId);
  const { openKubernetesMachines } = await import("./kubernetes.ts");
  return openKubernetesMachines(kubernetes, instanceId);
}

/** One engine may both build and run machines. */
function distinct(places: Parts["places"]): Parts["places"] {
  return places.filter(({ name }, index) => places.findIndex((other) => other.name === name) === index);
}
