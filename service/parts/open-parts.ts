import { DockerEngine, type EngineTimeLimits } from "pulumi-nullspace/docker";
import type { BlobStore } from "../blobs/blob-store.ts";
import { StartupError } from "../errors.ts";
import type { NetworkProof } from "../network-proof.ts";
import type { Database } from "../store/database.ts";
import { DEFAULT_BASE_IMAGE } from "../templates/builtin-base.ts";
import type { BuildKitOptions } from "./buildkit-options.ts";
import type { PullCredentials } from "../drivers/docker/image-pulls.ts";
import { engineImages, engineMachines } from "./docker-engine.ts";
import type { KubernetesOptions } from "./kubernetes-options.ts";
import type { ImageParts, MachineParts, Parts } from "./parts.ts";

/** Which parts a service is made of; what is left out is Docker Engine. */
export interface PartsOptions {
  /** Docker Engine, as DOCKER_HOST spells it. Default: DOCKER_HOST, else the local socket. */
  readonly dockerHost?: string | undefined;
  readonly engineTimeLimits?: Partial<EngineTimeLimits> | undefined;
  /** What builds and keeps images. Default: the engine. */
  readonly buildkit?: BuildKitOptions | undefined;
  /** A cluster that runs the machines; needs {@link buildkit}. Default: the engine does. */
  readonly kubernetes?: KubernetesOptions | undefined;
  /** Image of the builtin template. Default: NULLSPACE_LOCAL_BASE_IMAGE, else {@link DEFAULT_BASE_IMAGE}. */
  readonly baseImage?: string | undefined;
}

/** What the parts are opened with. */
export interface PartsSurroundings {
  readonly db: Database;
  readonly blobs: BlobStore;
  /** Marks everything that this service makes outside of its data folder. */
  readonly instanceId: string;
  /** Is told whether the network keeps machines apart, each time that it is tried. @default nobody is */
  readonly onNetworkProof?: (proof: NetworkProof) => void;
}

/**
 * Opens the parts of a service: the one place that knows what there is to choose from. Everything else knows the seams.
 * What is not chosen is not loaded.
 *
 * @throws StartupError when something that was chosen cannot be opened
 */
export async function openParts(options: PartsOptions, surroundings: PartsSurroundings): Promise<Parts> {
  const { dockerHost, engineTimeLimits, buildkit } = options;
  const { instanceId, onNetworkProof } = surroundings;
  if (options.kubernetes !== undefined && buildkit === undefined) {
    throw new StartupError(
      "Machines on Kubernetes need images that nodes can pull, and Docker Engine keeps its own: give the service builders and a registry (--builder buildkit --builder-address URL --registry HOST/PATH).",
      "registry_missing",
    );
  }
  const engine = new DockerEngine({
    ...(dockerHost !== undefined && { host: dockerHost }),
    ...(engineTimeLimits !== undefined && { timeLimits: engineTimeLimits }),
  });
  const baseImage = options.baseImage ?? (process.env.NULLSPACE_LOCAL_BASE_IMAGE || DEFAULT_BASE_IMAGE);
  const images = await openImages(buildkit, engine, surroundings, (imageId) => machines.forgetImage?.(imageId));
  const { executor, artifacts, buildCache, pullCredentials } = images;
  const machines: OpenedMachines = await openMachines(options.kubernetes, engine, {
    instanceId,
    pullCredentials,
    baseImage,
    onNetworkProof,
  });
  return {
    executor,
    artifacts,
    buildCache,
    driver: machines.driver,
    ...(machines.nativePools && { nativePools: machines.nativePools }),
    notices: machines.notices ?? [],
    places: distinct([...images.places, ...machines.places]),
    baseImage,
    async close() {
      images.close?.();
      await Promise.all([machines.close?.(), engine.close()]);
    },
  };
}

/** Images, and what those who start machines of them need. */
interface OpenedImages extends ImageParts {
  /** For the registry that they are in; absent: they are in none. */
  readonly pullCredentials?: PullCredentials;
  close?(): void;
}

/** Images of Docker Engine, unless builders are chosen; of those nothing is loaded before. */
async function openImages(
  buildkit: BuildKitOptions | undefined,
  engine: DockerEngine,
  surroundings: PartsSurroundings,
  onGone: (imageId: string) => void,
): Promise<OpenedImages> {
  if (buildkit === undefined) return engineImages(engine, surroundings.blobs, surroundings.instanceId);
  const { openBuildKit } = await import("./buildkit.ts");
  const images = openBuildKit(buildkit, { ...surroundings, onGone });
  try {
    await images.begin();
  } catch (error) {
    images.close();
    throw error;
  }
  return { ...images, pullCredentials: (signal) => images.registries.ownAuth(signal) };
}

/** Machines, and what they may need to be told. */
interface OpenedMachines extends MachineParts {
  /** An image is gone from where it was fetched from. */
  forgetImage?(imageId: string): void;
  close?(): Promise<void>;
}

/** Machines on Docker Engine, unless a cluster is chosen; of that nothing is loaded before. */
async function openMachines(
  kubernetes: KubernetesOptions | undefined,
  engine: DockerEngine,
  {
    instanceId,
    pullCredentials,
    baseImage,
    onNetworkProof,
  }: Pick<PartsSurroundings, "instanceId"> & {
    pullCredentials?: PullCredentials | undefined;
    baseImage: string;
    onNetworkProof: PartsSurroundings["onNetworkProof"];
  },
): Promise<OpenedMachines> {
  if (kubernetes === undefined) {
    const { driver, places } = engineMachines(engine, instanceId, pullCredentials);
    return { driver, places, forgetImage: (imageId) => void driver.forgetImage(imageId) };
  }
  const { openKubernetesMachines } = await import("./kubernetes.ts");
  return openKubernetesMachines(kubernetes, instanceId, baseImage, onNetworkProof);
}

/** One engine may both build and run machines. */
function distinct(places: Parts["places"]): Parts["places"] {
  return places.filter(({ name }, index) => places.findIndex((other) => other.name === name) === index);
}
