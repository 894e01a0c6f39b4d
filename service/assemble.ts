import type { Span, Tracer } from "pulumi-nullspace/tracing";
import { parseTemplateRef } from "pulumi-nullspace/wire";
import type { BlobStore } from "./blobs/blob-store.ts";
import { BuildService } from "./builds/build-service.ts";
import { asError } from "./errors.ts";
import { Fleet } from "./fleet/fleet.ts";
import { registerBlobRoutes } from "./http/routes/blobs.ts";
import { registerBuildRoutes } from "./http/routes/builds.ts";
import { registerClaimRoutes } from "./http/routes/claims.ts";
import type { AnsweredRequest, TracedRequest } from "./http/app.ts";
import { registerFleetRoutes } from "./http/routes/fleet.ts";
import { registerMetricsRoute } from "./http/routes/metrics.ts";
import { registerNamespaceRoutes } from "./http/routes/namespaces.ts";
import { registerPlanRoutes } from "./http/routes/plan.ts";
import { registerTemplateRoutes } from "./http/routes/templates.ts";
import { diskCheck, placeCheck, storeCheck } from "./health/checks.ts";
import { ServiceHealth } from "./health/service-health.ts";
import type { ServiceApp } from "./http/service-app.ts";
import { ServiceMetrics } from "./metrics/service-metrics.ts";
import { observedCalls } from "./observed-calls.ts";
import { registerPage, type PageSettings } from "./page/register-page.ts";
import type { Parts } from "./parts/parts.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { ArtifactImages } from "./templates/artifact-images.ts";
import { BASE_NAME, BuiltinBase } from "./templates/builtin-base.ts";
import { deleteRef } from "./templates/delete-template.ts";
import { SYSTEM_NAMESPACE } from "./templates/logical-template.ts";
import { resolveTemplate, type ResolvedTemplate } from "./templates/resolve.ts";
import { Retention } from "./templates/retention.ts";
import type { StorageLimits } from "./templates/storage-limits.ts";
import { ServiceTraces } from "./tracing/service-traces.ts";
import { serviceVersion } from "./version.ts";

/** Settings of {@link assemble}. */
export interface AssembleOptions {
  /** What builds, keeps images and runs machines. */
  parts: Parts;
  blobs: BlobStore;
  /** Label of everything that this service makes on the engine. */
  instanceId: string;
  /** The data folder, and of it the file of the store. */
  data: { path: string; storePath: string };
  retentionMs: number;
  storage: StorageLimits;
  /** Builds that run at the same time. Default: as many as there are processors. */
  buildConcurrency?: number;
  /** Where spans go; absent: nothing is traced. */
  tracer?: Tracer | undefined;
  /** Whether `/metrics` needs no key. */
  areMetricsOpen: boolean;
  /** How the page for people is served; absent: it is not. */
  page?: PageSettings;
}

/** The parts of a service, wired together. */
export interface Assembly {
  /** Whether what the service needs is there. */
  health: ServiceHealth;
  /** Begins the span of each request; absent when nothing is traced. */
  onRequest?: (request: TracedRequest) => Span;
  /** Is to be told of each request that was answered. */
  onAnswered: (request: AnsweredRequest) => void;
  registerRoutes: (app: ServiceApp) => void;
  /** Takes up what an earlier process left, and starts the workers. Call it once, before serving. */
  start: () => void;
  /** Ends the workers, after `stopping` was aborted; builds stay resumable, machines go on. */
  stop: () => Promise<void>;
}

/** Puts a service together, of parts that are known by their seams alone. */
export function assemble(deps: ServiceDeps, options: AssembleOptions): Assembly {
  const { db, events, log, artifactUses, tagFollowers, stopping } = deps;
  const { parts, blobs, instanceId, retentionMs } = options;
  const { path: folder, storePath } = options.data;
  const metrics = new ServiceMetrics(serviceVersion());
  const traces = options.tracer && new ServiceTraces(options.tracer);
  const observers = traces === undefined ? [metrics] : [metrics, traces];
  const calls = observers.map((observer) => observer.calls);
  const artifacts = observedCalls(parts.artifacts, "image", calls);
  const executor = observedCalls(parts.executor, "build", calls);
  const driver = observedCalls(parts.driver, "guest", calls);
  const places = parts.places.map((place) => observedCalls(place, place.name, calls));
  const health = new ServiceHealth([...places.map(placeCheck), storeCheck(db), diskCheck(db)], log);
  metrics.readState({ db, folder, storePath, health });
  const base = new BuiltinBase({ db, artifacts, log, image: parts.baseImage });
  const concurrency = options.buildConcurrency !== undefined && { concurrency: options.buildConcurrency };
  const builds = new BuildService({
    db,
    blobs,
    executor,
    artifacts,
    driver,
    events,
    log,
    retentionMs,
    resolve,
    observers: observers.map((observer) => observer.builds),
    ...concurrency,
  });
  const retention = new Retention({
    db,
    blobs,
    artifacts,
    artifactUses,
    log,
    retentionMs,
    limits: options.storage,
    pruneBuildCache: (keepBytes, signal) => parts.buildCache.prune(keepBytes, signal),
  });
  const images = new ArtifactImages({ db, artifacts, events, log, stopping });
  const fleet = new Fleet({
    ...deps,
    driver,
    ...(parts.nativePools && { nativePools: parts.nativePools }),
    observers: observers.map((observer) => observer.machines),
    nativeObservers: [metrics.native],
    onImageMissing: (templateId) => images.noteMissing(templateId),
  });
  if (parts.nativePools !== undefined) metrics.readNative(() => fleet.nativeStatuses());
  let startUp: Promise<void> | undefined;

  return {
    health,
    ...(traces && { onRequest: traces.onRequest }),
    onAnswered: metrics.onRequest,
    registerRoutes(app) {
      registerBlobRoutes(app, { blobs });
      registerBuildRoutes(app, { db, stopping, sizes: fleet.sizes }, builds);
      registerPlanRoutes(app, deps, builds);
      registerTemplateRoutes(app, deps, { prepare, deleteRef: remove });
      registerClaimRoutes(app, deps);
      registerNamespaceRoutes(app, deps);
      registerFleetRoutes(app, { fleet, stopping, prepare });
      registerMetricsRoute(app, { metrics, isOpen: options.areMetricsOpen });
      if (options.page !== undefined) {
        const disk = { artifacts, retention, buildCache: (signal: AbortSignal) => parts.buildCache.usage(signal) };
        registerPage(app, { ...options.page, ...deps, instanceId, blobs, builds, fleet, places, disk });
      }
    },
    start() {
      builds.resume();
      startUp = cleanUp();
      images.start();
      retention.start();
      fleet.start();
    },
    async stop() {
      await fleet.settle();
      await Promise.all([builds.stop(), retention.stop(), images.settle(), startUp]);
      await traces?.close();
    },
  };

  async function resolve(ref: string, signal: AbortSignal): Promise<ResolvedTemplate> {
    await prepare(ref, signal);
    return resolveTemplate(db, ref);
  }

  async function prepare(ref: string, signal: AbortSignal): Promise<void> {
    const parsed = parseTemplateRef(ref);
    if (parsed.kind === "artifact" || parsed.name !== BASE_NAME) return;
    if (parsed.namespace === undefined || parsed.namespace === SYSTEM_NAMESPACE) await base.ensure(signal);
  }

  function remove(ref: string) {
    const deletion = deleteRef({ db, artifactUses, tagFollowers }, ref);
    if (deletion.kind === "template") {
      builds.cancelAll(deletion.template.templateKey, "its template was deleted");
    }
    events.emit({ kind: deletion.kind === "tag" ? "tag_moved" : "template_deleted" });
    retention.wake();
    return deletion;
  }

  /** In the background: the engine may be away, and the service has to come up all the same. */
  async function cleanUp(): Promise<void> {
    try {
      await builds.removeLeftovers(stopping);
      // Before the builtin, so that one whose image has gone is made again.
      await images.look();
    } catch (error) {
      const hosts = parts.places.map(({ host }) => host).join(", ");
      if (!stopping.aborted) log.warn({ err: asError(error), engine: hosts }, "the engine could not be cleaned up");
    }
    await base.ensureIfPresent(stopping);
  }
}
