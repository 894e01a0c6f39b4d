import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pino, type DestinationStream, type LevelWithSilent } from "pino";
import { DockerEngine, type EngineTimeLimits } from "pulumi-nullspace/docker";
import { parseTemplateRef } from "pulumi-nullspace/wire";
import { assemble } from "./assemble.ts";
import { defaultDataDirectory, openDataDirectory } from "./data-directory.ts";
import { asError, StartupError } from "./errors.ts";
import { bearerAuth } from "./http/auth.ts";
import { createApp } from "./http/app.ts";
import { registerOpenApi } from "./http/openapi.ts";
import { registerHealthRoutes } from "./http/routes/health.ts";
import { poolTagFollowers } from "./fleet/pools/tag-followers.ts";
import { fleetArtifactUses } from "./store/fleet-artifact-uses.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { Database } from "./store/database.ts";
import { serviceVersion } from "./version.ts";
import { DEFAULT_BASE_IMAGE } from "./templates/builtin-base.ts";
import { TemplateEvents } from "./templates/events.ts";
import { DEFAULT_RETENTION_MS } from "./templates/retention.ts";
import { findLogicalTemplate } from "./templates/logical-template.ts";

/** How to start {@link startLocalService}; every member has a default. */
export interface LocalServiceOptions {
  /** TCP port; 0 = a free one. Default 3000. */
  port?: number;
  /** Loopback address to listen on. Default `127.0.0.1`. */
  host?: string;
  /** Folder of the store, the blobs and the key. Default: NULLSPACE_LOCAL_DATA, else the XDG data folder. */
  dataDirectory?: string;
  /** Docker Engine, as DOCKER_HOST spells it. Default: DOCKER_HOST, else the local socket. */
  dockerHost?: string;
  /** Builds that run at the same time, at least 1. Default: as many as there are processors. */
  buildConcurrency?: number;
  /** How long the engine may take for a call, by its kind. Default: 20 s to look, 300 s to change, 20 s without a ping. */
  engineTimeLimits?: Partial<EngineTimeLimits>;
  /** Image of the builtin template `nullspace/base`. Default: NULLSPACE_LOCAL_BASE_IMAGE, else `busybox:stable`. */
  baseImage?: string;
  /** How long an artifact that no tag, pool, machine or other template needs is kept. Default 30 days. */
  artifactRetentionMs?: number;
  /** How much to log, on standard error. Default `info`. */
  logLevel?: LevelWithSilent;
  /** Where the log goes. Default: standard error. */
  logTo?: DestinationStream;
}

/** A running service. */
export interface LocalService {
  /** `http://127.0.0.1:<port>`. */
  url: string;
  apiKey: string;
  dataDirectory: string;
  /**
   * Stops accepting, ends streams, leaves builds resumable, closes the store; within seconds, whatever the engine does.
   * Safe to call twice.
   */
  close(): Promise<void>;
}

/** Work that waits for the engine may end in good order for so long after a stop; then its connections are cut. */
const STOP_GRACE_MS = 8_000;

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|localhost)$/;

/**
 * Starts a Nullspace service on this machine.
 *
 * @example
 * const service = await startLocalService({ port: 0, dataDirectory: "./data" });
 * process.env.NULLSPACE_API_URL = service.url;
 *
 * @throws StartupError with a code: the data directory is in use, the port is taken, an option is wrong
 */
export async function startLocalService(options: LocalServiceOptions = {}): Promise<LocalService> {
  const { port = 3000, host = "127.0.0.1" } = options;
  if (!LOOPBACK.test(host)) {
    throw new StartupError(
      `--host ${host} is not a loopback address. This service runs commands for whoever holds its key, so it listens on 127.0.0.1, ::1 or localhost only.`,
      "host_not_loopback",
    );
  }
  const log = pino({ level: options.logLevel ?? "info", base: null }, options.logTo ?? pino.destination(2));
  const data = openDataDirectory(options.dataDirectory ?? defaultDataDirectory());
  // What has been opened is closed in reverse order, whether the service stops or never came up.
  const closers: (() => void | Promise<void>)[] = [() => data.close()];
  let engine: DockerEngine | undefined;
  const stop = once(async () => {
    // Whatever waits for an engine that does not answer ends with its connections: a stop takes its time, and no more.
    const grace = setTimeout(() => {
      log.warn({ engine: engine?.host }, "the engine keeps the service from stopping: its connections are cut");
      void engine?.close();
    }, STOP_GRACE_MS);
    try {
      for (const close of closers.reverse()) await close();
    } finally {
      clearTimeout(grace);
    }
  });
  try {
    const db = new Database(data.storePath);
    closers.push(() => db.close());
    engine = new DockerEngine({
      ...(options.dockerHost !== undefined && { host: options.dockerHost }),
      ...(options.engineTimeLimits !== undefined && { timeLimits: options.engineTimeLimits }),
    });
    closers.push(() => engine?.close());
    const stopping = new AbortController();
    const deps: ServiceDeps = {
      db,
      events: new TemplateEvents(),
      log,
      artifactUses: [fleetArtifactUses],
      tagFollowers: poolTagFollowers,
      stopping: stopping.signal,
    };
    const parts = assemble(deps, {
      engine,
      instanceId: data.instanceId,
      blobsPath: data.blobsPath,
      baseImage: options.baseImage ?? (process.env.NULLSPACE_LOCAL_BASE_IMAGE || DEFAULT_BASE_IMAGE),
      retentionMs: options.artifactRetentionMs ?? DEFAULT_RETENTION_MS,
      ...(options.buildConcurrency !== undefined && { buildConcurrency: options.buildConcurrency }),
    });
    closers.push(() => parts.stop());

    const app = createApp({
      logger: log,
      authenticate: bearerAuth(data.apiKey),
      refExists: (ref) => findLogicalTemplate(db, parseTemplateRef(ref)) !== undefined,
      stopping: stopping.signal,
      durable: () => db.durable(),
    });
    closers.push(() => app.close());
    // First of all when it stops: what waits on requests lets go, so that the application can close.
    closers.push(() => stopping.abort(new Error("the service stops")));
    await registerOpenApi(app, serviceVersion());
    registerHealthRoutes(app, data.instanceId);
    parts.registerRoutes(app);
    parts.start();
    await listen(() => app.listen({ port, host }), host, port);
    const address = app.server.address() as AddressInfo;
    const url = `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`;
    log.info({ url, data: data.path, engine: engine.host, store: join(data.path, "store.db") }, "service is up");
    return { url, apiKey: data.apiKey, dataDirectory: data.path, close: stop };
  } catch (error) {
    await stop();
    throw error;
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
