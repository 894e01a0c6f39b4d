import { randomBytes } from "node:crypto";
import { PassThrough, type Readable } from "node:stream";
import type { DockerConfig } from "../auth/docker-config.ts";
import { CleanUp } from "../clean-up.ts";
import { DockerError } from "../errors.ts";
import { GrpcStatusError } from "../grpc/grpc-status.ts";
import type { EngineImages } from "../images.ts";
import type { WorkerRecord } from "../protos/generated/control.ts";
import { type OfferedFolders, type SessionOffer, sessionOffer, startSession } from "../session/build-session.ts";
import { fileSendService } from "../session/filesync/file-send-service.ts";
import type { SessionOptions } from "../session/session-options.ts";
import { uploadService } from "../session/upload-service.ts";
import { contentService } from "../session/content/content-service.ts";
import type { BuildCaches } from "./build-caches.ts";
import type { BuildKitClient } from "./buildkit-client.ts";
import { type SolveOptions, solveRequest } from "./solve-request.ts";

/** A build by the Control service of a BuildKit. */
export interface SolveBuild {
  /** The images of the engine that a daemon's result is loaded into. */
  images: EngineImages;
  /** Docker's configuration, whose credentials the session offers. */
  config: DockerConfig;
  /** Closed at the end of the build. */
  client: BuildKitClient;
  /** The engine's own worker; absent for a daemon beside the engine, whose result has to be brought there. */
  engineWorker?: WorkerRecord | undefined;
  /** Whether the BuildKit is the engine's own. */
  isEngine: boolean;
  options: SolveOptions &
    SessionOptions & {
      /**
       * No progress, only the result.
       *
       * @default false
       */
      quiet?: boolean | undefined;
    };
  source: SolveSource;
  folders: OfferedFolders | undefined;
  /** Where named contexts come from, by name. */
  contexts: ReadonlyMap<string, string>;
  caches: BuildCaches;
  buildArgs: Record<string, string | null>;
  signal: AbortSignal;
}

/** What is built. */
export interface SolveSource {
  /** An archive that the daemon asks the session for. */
  body?: Readable;
  /** URL that the daemon fetches itself. */
  remote?: string;
  /** Present when the daemon asks the session for folders, which are among those offered. */
  synced?: object;
  /** Path of the Dockerfile, when it is not `Dockerfile`. */
  dockerfile?: string;
}

/** Path under which the daemon asks the session for the context. */
const UPLOAD_PATH = "/context";
const CONFIG_DIGEST = "containerimage.config.digest";
const IMAGE_DIGEST = "containerimage.digest";
/** Outputs that have a manifest as a registry keeps it. */
const REGISTRY_FORMS = new Set<string | undefined>(["image", "oci"]);
/** Label with which an engine's worker tells what `host-gateway` stands for (moby, builder-next/worker/label). */
const HOST_GATEWAY_LABEL = "org.mobyproject.buildkit.worker.moby.host-gateway-ip";

/**
 * Builds without POST /build. The image ends up in the engine unless `outputs` says otherwise: BuildKit inside of the
 * engine puts it there, from a daemon of its own it is loaded. What this gives are the records that an engine would give
 * for the same build, so that one decoder reads all.
 */
export async function* solveBuild(build: SolveBuild): AsyncGenerator<Buffer> {
  const { client, images, isEngine, options, source, signal } = build;
  await using stack = new CleanUp();
  stack.use(client);
  const archive = isEngine || options.outputs ? undefined : new PassThrough();
  stack.defer(() => archive?.destroy());
  const session = stack.use(startSession(await offer(build, archive), (headers) => client.session(headers)));
  const ref = randomBytes(16).toString("hex");
  const request = solveRequest({
    ref,
    sessionId: session.id,
    options,
    exporter: isEngine ? "moby" : "docker",
    dockerfile: source.dockerfile,
    contextUrl: source.remote ?? (source.synced ? undefined : `http://buildkit-session${UPLOAD_PATH}/${ref}`),
    buildArgs: build.buildArgs,
    contexts: build.contexts,
    caches: build.caches,
    hostGateway: build.engineWorker?.Labels.get(HOST_GATEWAY_LABEL),
  });
  const loading = archive && images.load(archive, { signal });
  // Looked at below; until then a failure must not count as one that nobody looks at.
  loading?.catch(() => {});
  const solving = client.solve(request, signal).finally(() => archive?.end());
  solving.catch(() => {});
  let statusError: Error | undefined;
  try {
    for await (const message of options.quiet ? [] : client.status(ref, signal)) {
      yield record({
        id: "moby.buildkit.trace",
        aux: Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString("base64"),
      });
    }
  } catch (error) {
    // A build that is refused outright has no status; what Solve says then is the reason.
    statusError = error instanceof Error ? error : new Error(String(error));
  }
  try {
    const result = await solving;
    if (statusError !== undefined) throw statusError;
    await build.caches.keep(result);
    const imageId = loading
      ? await loadedId(build, await loading, result)
      : result.get(isEngine ? IMAGE_DIGEST : CONFIG_DIGEST);
    const manifest = REGISTRY_FORMS.has(options.outputs?.[0]?.type) ? result.get(IMAGE_DIGEST) : undefined;
    if (imageId !== undefined || manifest !== undefined) {
      yield record({ id: "moby.image.id", aux: { ID: imageId, ManifestDigest: manifest } });
    }
  } catch (error) {
    if (error instanceof DockerError || signal.aborted) throw error;
    const message = error instanceof GrpcStatusError ? error.details : String(error);
    yield record({ errorDetail: { message }, error: message });
  }
}

/** An engine that keeps its images in containerd knows one by its manifest, others by its configuration: ask. */
async function loadedId(
  { images, signal }: SolveBuild,
  [ref]: readonly string[],
  result: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (ref === undefined) return result.get(CONFIG_DIGEST);
  return (await images.inspect(ref, { signal })).Id;
}

async function offer(
  { config, options, source, folders, caches, signal }: SolveBuild,
  archive: PassThrough | undefined,
): Promise<SessionOffer> {
  const { services, sharedKey } = await sessionOffer(config, options, folders, signal);
  return {
    sharedKey,
    services: [
      ...services,
      ...(caches.stores.size > 0 ? [contentService(caches.stores)] : []),
      ...(source.body ? [uploadService(source.body)] : []),
      ...(archive ? [fileSendService(archive)] : []),
    ],
  };
}

function record(value: object): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
