import { parseTemplateRef } from "pulumi-nullspace/wire";
import { BlobStore } from "./blobs/blob-store.ts";
import { BuildService } from "./builds/build-service.ts";
import { EngineExecutor } from "./builds/engine/engine-executor.ts";
import { asError } from "./errors.ts";
import { registerBlobRoutes } from "./http/routes/blobs.ts";
import { registerBuildRoutes } from "./http/routes/builds.ts";
import { registerClaimRoutes } from "./http/routes/claims.ts";
import { registerNamespaceRoutes } from "./http/routes/namespaces.ts";
import { registerPlanRoutes } from "./http/routes/plan.ts";
import { registerTemplateRoutes } from "./http/routes/templates.ts";
import type { ServiceApp } from "./http/service-app.ts";
import type { ServiceDeps } from "./service-deps.ts";
import { BASE_NAME, BuiltinBase } from "./templates/builtin-base.ts";
import { deleteRef } from "./templates/delete-template.ts";
import { SYSTEM_NAMESPACE } from "./templates/logical-template.ts";
import { resolveTemplate, type ResolvedTemplate } from "./templates/resolve.ts";
import { Retention } from "./templates/retention.ts";

/** Settings of {@link createTemplateFloor}. */
export interface TemplateFloorOptions {
  /** Folder of the blobs. */
  blobsPath: string;
  /** Image of the builtin template. */
  baseImage: string;
  retentionMs: number;
  /** Builds that run at the same time. Default: as many as there are processors. */
  buildConcurrency?: number;
}

/** Blobs, builds and templates: everything of the service but pools and machines. */
export interface TemplateFloor {
  /** The artifact of a ref, for whoever starts machines; a builtin is made first if need be. */
  resolve: (ref: string, signal: AbortSignal) => Promise<ResolvedTemplate>;
  /** Makes a builtin that a ref names, if need be; other refs are left alone. */
  prepare: (ref: string, signal: AbortSignal) => Promise<void>;
  registerRoutes: (app: ServiceApp) => void;
  /** Takes up what an earlier process left, and starts the workers. */
  start: () => void;
  /** Ends the workers; builds stay resumable. */
  stop: () => Promise<void>;
}

/** Puts the parts together. */
export function createTemplateFloor(deps: ServiceDeps, options: TemplateFloorOptions): TemplateFloor {
  const { db, engine, events, log, instanceId, artifactUses, stopping } = deps;
  const { retentionMs } = options;
  const blobs = new BlobStore(db, options.blobsPath);
  const base = new BuiltinBase({ db, engine, log, image: options.baseImage });
  const executor = new EngineExecutor({ engine, blobs, db, instanceId });
  const concurrency = options.buildConcurrency !== undefined && { concurrency: options.buildConcurrency };
  const builds = new BuildService({ db, blobs, executor, events, log, retentionMs, resolve, ...concurrency });
  const retention = new Retention({ db, blobs, executor, artifactUses, log, retentionMs });
  let startUp: Promise<void> | undefined;

  return {
    resolve,
    prepare,
    registerRoutes(app) {
      registerBlobRoutes(app, { blobs });
      registerBuildRoutes(app, deps, builds);
      registerPlanRoutes(app, deps, builds);
      registerTemplateRoutes(app, deps, { prepare, deleteRef: remove });
      registerClaimRoutes(app, deps);
      registerNamespaceRoutes(app, deps);
    },
    start() {
      builds.resume();
      startUp = cleanUp();
      retention.start();
    },
    async stop() {
      await Promise.all([builds.stop(), retention.stop(), startUp]);
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
    const deletion = deleteRef({ db, artifactUses }, ref);
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
      await executor.cleanUp(stopping);
    } catch (error) {
      if (!stopping.aborted)
        log.warn({ err: asError(error), engine: engine.host }, "the engine could not be cleaned up");
    }
    await base.ensureIfPresent(stopping);
  }
}
