import { DockerEngine, type EngineTimeLimits } from "pulumi-nullspace/docker";
import type { BlobStore } from "../blobs/blob-store.ts";
import { StartupError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { DEFAULT_BASE_IMAGE } from "../templates/builtin-base.ts";
import type { BuildKitOptions } from "./buildkit-options.ts";
import { engineImages, engineMachines } from "./docker-engine.ts";
import type { KubernetesOptions } from "./kubernetes-options.ts";
import type { Parts } from "./parts.ts";

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
}

/**
 * Opens the parts of a service: the one place that knows what there is to choose from. Everything else knows the seams.
 * What is not chosen is not loaded.
 *
 * @throws StartupError when something that was chosen cannot be opened
 */
export async function openParts(options: PartsOptions, surroundings: PartsSurroundings): Promise<Parts> {
  const { buildkit, kubernetes } = options;
  const baseImage = options.baseImage ?? (process.env.NULLSPACE_LOCAL_BASE_IMAGE || DEFAULT_BASE_IMAGE);
  if (kubernetes !== undefined) return { ...(await openWithoutEngine(buildkit, kubernetes, surroundings)), baseImage };
  const { blobs, instanceId } = surroundings;
  const { dockerHost, engineTimeLimits } = options;
  const engine = new DockerEngine({
    ...(dockerHost !== undefined && { host: dockerHost }),
    ...(engineTimeLimits !== undefined && { timeLimits: engineTimeLimits }),
  });
  if (buildkit === undefined) {
    const images = engineImages(engine, blobs, instanceId);
    const { driver } = engineMachines(engine, instanceId);
    return { ...images, driver, baseImage, close: () => engine.close() };
  }
  const { openBuildKit } = await import("./buildkit.ts");
  const images = openBuildKit(buildkit, {
    ...surroundings,
    onGone: (imageId) => void machines.driver.forgetImage(imageId),
  });
  const machines = engineMachines(engine, instanceId, (signal) => images.registries.ownAuth(signal));
  return {
    ...images,
    ...machines,
    places: [...images.places, ...machines.places],
    baseImage,
    async close() {
      images.close();
      await engine.close();
    },
  };
}

/** Nodes pull images by themselves, and let go of those that nobody runs. @throws StartupError, KubeconfigError */
async function openWithoutEngine(
  buildkit: BuildKitOptions | undefined,
  kubernetes: KubernetesOptions,
  surroundings: PartsSurroundings,
): Promise<Omit<Parts, "baseImage">> {
  if (buildkit === undefined) {
    throw new StartupError(
      "Machines on Kubernetes need images that nodes can pull, and Docker Engine keeps its own: give the service builders and a registry (buildkit; --builder buildkit --builder-address URL --registry HOST/PATH).",
      "registry_missing",
    );
  }
  const [{ openBuildKit }, { openKubernetesMachines }] = await Promise.all([
    import("./buildkit.ts"),
    import("./kubernetes.ts"),
  ]);
  const machines = await openKubernetesMachines(kubernetes, surroundings.instanceId);
  const images = openBuildKit(buildkit, { ...surroundings, onGone: () => undefined });
  return {
    ...images,
    ...machines,
    places: [...images.places, ...machines.places],
    async close() {
      images.close();
      await machines.close();
    },
  };
}
