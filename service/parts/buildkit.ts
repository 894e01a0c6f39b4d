import { DockerEngine, parseImageRef, type BuildKitDaemon } from "pulumi-nullspace/docker";
import { isLoopbackRegistry } from "../artifacts/registry/registry-client.ts";
import { Registries } from "../artifacts/registry/registries.ts";
import { RegistryArtifactStore } from "../artifacts/registry/registry-artifact-store.ts";
import { RepositoryOwner, RepositoryTakenError } from "../artifacts/registry/repository-owner.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { BuilderFleet } from "../builders/buildkit/builder-fleet.ts";
import { BuilderTls } from "../builders/buildkit/builder-tls.ts";
import { BuildKitExecutor } from "../builders/buildkit/buildkit-executor.ts";
import { asError } from "../errors.ts";
import { NotHealthyError } from "../health/health-check.ts";
import type { Database } from "../store/database.ts";
import type { BuildKitOptions } from "./buildkit-options.ts";
import type { ImageParts } from "./parts.ts";

/** What images on builders and in a registry are opened with. */
export interface BuildKitSurroundings {
  readonly db: Database;
  readonly blobs: BlobStore;
  readonly instanceId: string;
  /** Is told of images that are gone from the registry, by id. */
  readonly onGone: (imageId: string) => void;
  /** How often the registry is asked which names it has. Default 30 s. */
  readonly pollMs?: number;
}

/** Images that BuildKit daemons make and a registry keeps. */
export interface BuildKitParts extends ImageParts {
  readonly registries: Registries;
  /** Sees that the repository is this service's, if the registry answers. @throws StartupError `registry_taken` */
  begin(): Promise<void>;
  close(): void;
}

/** Images that BuildKit daemons make and a registry keeps; no engine has a part in it. @throws StartupError when a file is missing */
export function openBuildKit(options: BuildKitOptions, surroundings: BuildKitSurroundings): BuildKitParts {
  const { db, blobs, instanceId, onGone, pollMs } = surroundings;
  const fleet = new BuilderFleet(buildersOf(options));
  const engine = configAlone();
  const registries = openRegistries(options, engine);
  const { host, repository } = registries.own;
  const owner = new RepositoryOwner({
    registry: registries.ownClient,
    repository,
    instanceId,
    takeOver: options.registry.takeOver,
  });
  const artifacts = new RegistryArtifactStore({
    registries,
    db,
    instanceId,
    owner,
    onGone,
    ...(pollMs !== undefined && { pollMs }),
  });
  return {
    registries,
    artifacts,
    executor: new BuildKitExecutor({ engine, fleet, registries, artifacts, blobs, instanceId }),
    buildCache: {
      usage: (signal) => fleet.disk(signal),
      prune: (keepBytes, signal) => fleet.prune(keepBytes, signal),
    },
    places: [
      {
        name: "builders",
        subject: "No builder of this service",
        title: "BuildKit",
        host: options.addresses.join(", "),
        look: (signal) => fleet.checkAvailable(signal),
      },
      {
        name: "registry",
        subject: "The registry",
        title: "Registry",
        host: `${host}/${repository}`,
        look: (signal) => artifacts.checkAvailable(signal).catch(rethrowForPeople),
      },
    ],
    begin: () => owner.lookAtStart(),
    close: () => registries.close(),
  };
}

/** Of a repository that is another service's everybody may know, as it is no secret and does not pass by itself. */
function rethrowForPeople(error: unknown): never {
  if (!(asError(error).cause instanceof RepositoryTakenError)) throw error;
  throw new NotHealthyError("The repository in the registry belongs to another service.", { cause: error });
}

/** The builders that options name. @throws StartupError when a file is missing */
export function buildersOf({ addresses, tls }: BuildKitOptions): BuildKitDaemon[] {
  const certificates = tls && new BuilderTls(tls);
  return addresses.map((address) =>
    // A socket of this machine needs none.
    certificates === undefined || !address.startsWith("tcp://")
      ? { address }
      : {
          address,
          get tls() {
            return certificates.current;
          },
        },
  );
}

/** The registries that options lead to. @param engine whose Docker configuration has credentials */
export function openRegistries({ registry }: BuildKitOptions, engine: DockerEngine = configAlone()): Registries {
  const { registry: host, repository } = parseImageRef(registry.repository);
  const isPlain = registry.isPlain === true || isLoopbackRegistry(host);
  return new Registries({ host, repository, isPlain, auth: registry.auth }, engine.config);
}

/** The SDK reads Docker's configuration, and builds, through this; nothing is ever asked of the engine that it names. */
function configAlone(): DockerEngine {
  const { DOCKER_CONFIG, HOME, PATH } = process.env;
  return new DockerEngine({ host: "unix:///var/run/docker.sock", env: { DOCKER_CONFIG, HOME, PATH } });
}
