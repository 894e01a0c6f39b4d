import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino, type DestinationStream, type LevelWithSilent, type Logger } from "pino";
import type { EngineTimeLimits } from "pulumi-nullspace/docker";
import { openTracer, wantsTraces } from "pulumi-nullspace/tracing";
import { parseTemplateRef } from "pulumi-nullspace/wire";
import { assemble } from "./assemble.ts";
import { BlobStore } from "./blobs/blob-store.ts";
import { FolderBlobBytes } from "./blobs/folder-blob-bytes.ts";
import { defaultDataDirectory, openDataDirectory, type DataPaths } from "./data-directory.ts";
import { asError, StartupError } from "./errors.ts";
import { allowedHosts, isLoopbackHost } from "./http/allowed-hosts.ts";
import { createApp } from "./http/app.ts";
import { registerOpenApi } from "./http/openapi.ts";
import { registerHealthRoutes } from "./http/routes/health.ts";
import { TlsIdentity } from "./http/tls-files.ts";
import { FIRST_KEY_NAME, forgetOldKey, makeFirstKey, takeOverOldKey } from "./keys/folder-keys.ts";
import { checkGivenKey, keyRing, newKey, type ProcessKey } from "./keys/key-ring.ts";
import type { BuildKitOptions } from "./parts/buildkit-options.ts";
import type { KubernetesOptions } from "./parts/kubernetes-options.ts";
import { openParts } from "./parts/open-parts.ts";
import type { Parts } from "./parts/parts.ts";
import { poolTagFollowers } from "./fleet/pools/tag-followers.ts";
import { fleetArtifactUses } from "./store/fleet-artifact-uses.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { noteNetworkProof, type NetworkProof } from "./network-proof.ts";
import { noteSetup } from "./setups.ts";
import { ApiKeyStore } from "./store/api-keys.ts";
import { Database } from "./store/database.ts";
import { DiskRoom } from "./store/disk-room.ts";
import { MIGRATIONS } from "./store/migrations/index.ts";
import type { TlsFiles } from "./tls-options.ts";
import { serviceVersion } from "./version.ts";
import { TemplateEvents } from "./templates/events.ts";
import { DEFAULT_RETENTION_MS } from "./templates/retention.ts";
import { DEFAULT_STORAGE_LIMITS, type StorageLimits } from "./templates/storage-limits.ts";
import { findLogicalTemplate } from "./templates/logical-template.ts";

/** How a service is started; every member may be left out. */
export interface LocalServiceOptions {
  /**
   * TCP port; 0 = a free one.
   *
   * @default 3000
   */
  port?: number;
  /**
   * Address to listen on; one that others reach only with `tls` or `behindProxy`.
   *
   * @default `127.0.0.1`
   */
  host?: string;
  /** Serves HTTPS with this certificate and key, which are read again when the files change. */
  tls?: TlsFiles;
  /**
   * Something in front of the service speaks TLS with whoever is not on this machine; needs `allowedHosts`.
   *
   * @default false
   */
  behindProxy?: boolean;
  /**
   * Host names, without port, that requests may be for, beside the address and, with `tls`, the names of the certificate.
   *
   * @default none
   */
  allowedHosts?: readonly string[];
  /**
   * A key that is good as long as this service runs, beside those of the data folder: at least 32 visible ASCII characters.
   *
   * @default one made afresh
   */
  apiKey?: string;
  /**
   * Folder of the store and the blobs.
   *
   * @default NULLSPACE_LOCAL_DATA, else the XDG data folder
   */
  dataDirectory?: string;
  /**
   * Docker Engine, as DOCKER_HOST spells it.
   *
   * @default DOCKER_HOST, else the local socket
   */
  dockerHost?: string;
  /**
   * Builders and a registry in place of Docker Engine's.
   *
   * @default the engine builds, and keeps the images
   */
  buildkit?: BuildKitOptions;
  /**
   * Machines on a Kubernetes cluster in place of Docker Engine.
   *
   * @default the engine runs them
   */
  kubernetes?: KubernetesOptions;
  /**
   * Builds that run at the same time, at least 1.
   *
   * @default as many as there are processors
   */
  buildConcurrency?: number;
  /**
   * How long the engine may take for a call, by its kind.
   *
   * @default 20 s to look, 300 s to change, 20 s without a ping
   */
  engineTimeLimits?: Partial<EngineTimeLimits>;
  /**
   * Image of the builtin template `nullspace/base`.
   *
   * @default NULLSPACE_LOCAL_BASE_IMAGE, else `busybox:stable`
   */
  baseImage?: string;
  /**
   * How long an artifact that no tag, pool, machine or other template needs is kept.
   *
   * @default 30 days
   */
  artifactRetentionMs?: number;
  /**
   * How much of everything is kept, beside how long.
   *
   * @default those of {@link StorageLimits}, member by member
   */
  storage?: Partial<StorageLimits>;
  /**
   * Whether `/metrics` is answered without a key.
   *
   * @default false
   */
  areMetricsOpen?: boolean;
  /**
   * Whoever has logged in to the page and does nothing there for so long is logged out.
   *
   * @default 30 minutes
   */
  pageIdleMs?: number;
  /**
   * How much to log, on standard error.
   *
   * @default `info`
   */
  logLevel?: LevelWithSilent;
  /**
   * Where the log goes.
   *
   * @default standard error
   */
  logTo?: DestinationStream;
}

/** A running service. */
export interface RunningService {
  /** `http://127.0.0.1:<port>`, or `https://…` with `tls`. */
  url: string;
  dataDirectory: string;
  /**
   * Stops accepting, ends streams, leaves builds resumable, closes the store; within seconds, whatever the engine does.
   * Safe to call twice.
   */
  close(): Promise<void>;
}

/** A service with a key for whoever has started it. */
export interface LocalService extends RunningService {
  /** Good as long as the service runs. */
  apiKey: string;
}

/** A service whose keys are those of its data folder. */
export interface ServedFolder extends RunningService {
  /** The key that this start has made, or found in the clear: to be shown now, for it is kept nowhere. */
  shownOnce?: string;
}

/** Work that waits for the engine may end in good order for so long after a stop; then its connections are cut. */
const STOP_GRACE_MS = 8_000;

/** Starts a service whose only key is `apiKey`, or a new one. */
export async function startLocalService(options: LocalServiceOptions = {}): Promise<LocalService> {
  const key = options.apiKey === undefined ? newKey() : checkGivenKey(options.apiKey);
  const { url, dataDirectory, close } = await serve(options, [{ name: FIRST_KEY_NAME, key }]);
  return { url, apiKey: key, dataDirectory, close };
}

/**
 * Starts the service of a data folder: its keys are those of the folder, and the first start makes one, unless
 * `apiKey` is given. The rest is as in {@link startLocalService}.
 */
export async function serveDataFolder(options: LocalServiceOptions = {}): Promise<ServedFolder> {
  const { apiKey } = options;
  return serve(options, apiKey === undefined ? [] : [{ name: "environment", key: checkGivenKey(apiKey) }]);
}

async function serve(options: LocalServiceOptions, processKeys: readonly ProcessKey[]): Promise<ServedFolder> {
  const { port = 3000, host = "127.0.0.1" } = options;
  checkReach(host, options);
  const log = pino({ level: options.logLevel ?? "info", base: null }, options.logTo ?? standardError());
  const data = openDataDirectory(options.dataDirectory ?? defaultDataDirectory());
  // What has been opened is closed in reverse order, whether the service stops or never came up.
  const closers: (() => void | Promise<void>)[] = [() => data.close()];
  let parts: Parts | undefined;
  const stop = once(async () => {
    // Whatever waits for an engine that does not answer ends with its connections: a stop takes its time, and no more.
    const grace = setTimeout(() => {
      log.warn({ engine: hostsOf(parts) }, "the engine keeps the service from stopping: its connections are cut");
      void parts?.close();
    }, STOP_GRACE_MS);
    try {
      for (const close of closers.reverse()) await close();
    } finally {
      clearTimeout(grace);
    }
  });
  try {
    const room = new DiskRoom(data.path);
    const db = new Database(data.storePath, MIGRATIONS, room);
    closers.push(() => db.close());
    if (!room.hold()) log.warn({ data: data.path }, "the disk of the data folder is full: nothing new is taken");
    const keyStore = new ApiKeyStore(db);
    const oldKey = takeOverOldKey(data, keyStore);
    const blobs = new BlobStore(db, new FolderBlobBytes(data.blobsPath));
    const onNetworkProof = (proof: NetworkProof) => rememberProof(data, proof, log);
    parts = await openParts(options, { db, blobs, instanceId: data.instanceId, onNetworkProof });
    closers.push(() => parts?.close());
    for (const notice of parts.notices ?? []) log.warn(notice);
    rememberSetup(data, options, log);
    const tls = options.tls && new TlsIdentity(options.tls, log);
    closers.push(() => tls?.close());
    const stopping = new AbortController();
    const keys = keyRing(processKeys, keyStore);
    const deps: ServiceDeps = {
      db,
      events: new TemplateEvents(),
      log,
      artifactUses: [fleetArtifactUses],
      tagFollowers: poolTagFollowers,
      stopping: stopping.signal,
    };
    const warn = (message: string) => log.warn(message);
    const tracing = { serviceName: "nullspace-local", version: serviceVersion(), warn };
    const tracer = wantsTraces() ? await openTracer(tracing) : undefined;
    const assembly = assemble(deps, {
      tracer,
      parts,
      blobs,
      instanceId: data.instanceId,
      data,
      areMetricsOpen: options.areMetricsOpen ?? false,
      retentionMs: options.artifactRetentionMs ?? DEFAULT_RETENTION_MS,
      storage: { ...DEFAULT_STORAGE_LIMITS, ...options.storage },
      ...(options.buildConcurrency !== undefined && { buildConcurrency: options.buildConcurrency }),
      page: {
        keys,
        folder: data.path,
        storePath: data.storePath,
        isTls: tls !== undefined,
        isBehindProxy: options.behindProxy === true,
        ...(options.pageIdleMs !== undefined && { idleMs: options.pageIdleMs }),
      },
    });
    closers.push(() => assembly.stop());

    const app = createApp({
      logger: log,
      keys,
      refExists: (ref) => findLogicalTemplate(db, parseTemplateRef(ref)) !== undefined,
      stopping: stopping.signal,
      isAllowedHost: allowedHosts({
        listenHost: host,
        ...(options.allowedHosts && { names: options.allowedHosts }),
        ...(tls && { certificate: () => tls.certificate }),
      }),
      ...(tls && { tls }),
      durable: () => db.durable(),
      ...(assembly.onRequest && { onRequest: assembly.onRequest }),
      onAnswered: assembly.onAnswered,
    });
    closers.push(() => app.close());
    // First of all when it stops: what waits on requests lets go, so that the application can close.
    closers.push(() => stopping.abort(new Error("the service stops")));
    await registerOpenApi(app, serviceVersion());
    registerHealthRoutes(app, { instanceId: data.instanceId, health: assembly.health });
    assembly.registerRoutes(app);
    assembly.start();
    await listen(() => app.listen({ port, host }), host, port);
    const address = app.server.address() as AddressInfo;
    const url = `${tls ? "https" : "http"}://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
    log.info({ url, data: data.path, engine: hostsOf(parts), store: join(data.path, "store.db") }, "service is up");
    // Not before it is sure that somebody will see what is shown once.
    if (oldKey !== undefined) forgetOldKey(data, db, log);
    const shownOnce = oldKey ?? (processKeys.length === 0 ? makeFirstKey(keyStore) : undefined);
    await db.durable();
    return { url, dataDirectory: data.path, close: stop, ...(shownOnce !== undefined && { shownOnce }) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** For `doctor` and `reset`, which then know where to look. */
function rememberSetup(data: DataPaths, { buildkit, kubernetes }: LocalServiceOptions, log: Logger): void {
  try {
    noteSetup(data, {
      builder: buildkit === undefined ? "engine" : "buildkit",
      ...(buildkit && { registry: buildkit.registry.repository }),
      machines: kubernetes === undefined ? "docker" : "kubernetes",
      ...(kubernetes?.namespace !== undefined && { namespace: kubernetes.namespace }),
    });
  } catch (error) {
    log.warn({ err: asError(error) }, "what this service is served with could not be noted");
  }
}

/** For `doctor`, which is another process. */
function rememberProof(data: DataPaths, proof: NetworkProof, log: Logger): void {
  try {
    noteNetworkProof(data, proof);
  } catch (error) {
    log.warn({ err: asError(error) }, "what is known of the cluster's network could not be noted");
  }
}

function hostsOf(parts: Parts | undefined): string | undefined {
  return parts?.places.map(({ host }) => host).join(", ");
}

/** Lines that cannot be written (the disk of a log file is full, say) are lost: no reason to end the service. */
function standardError(): DestinationStream {
  return pino.destination(2).on("error", () => undefined);
}

/** @throws StartupError when keys and code would cross a network in the clear, or anyone could name the service as they like */
function checkReach(host: string, { tls, behindProxy = false, allowedHosts: names = [] }: LocalServiceOptions): void {
  if (!isLoopbackHost(host) && tls === undefined && !behindProxy) {
    throw new StartupError(
      `--host ${host} is not a loopback address, and this service runs commands for whoever holds a key, which must not cross a network in the clear. Give it a certificate (--tls-cert, --tls-key), or say that something in front of it has one (--behind-proxy).`,
      "host_not_loopback",
    );
  }
  if (behindProxy && names.length === 0) {
    throw new StartupError(
      "--behind-proxy needs --allowed-host: the name under which clients reach the proxy, as it comes in the Host header.",
      "allowed_host_missing",
    );
  }
}

async function listen(open: () => Promise<string>, host: string, port: number): Promise<void> {
  try {
    await open();
  } catch (error) {
    const { code, message } = asError(error) as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new StartupError(
        `Port ${port} of ${host} is taken. Stop what listens there, or choose another port (--port 0 takes a free one).`,
        "port_in_use",
        error,
      );
    }
    throw new StartupError(`Cannot listen on ${host}:${port}: ${message}`, "cannot_listen", error);
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}
