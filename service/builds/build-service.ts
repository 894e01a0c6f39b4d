import type { Logger } from "pino";
import type {
  BuildList,
  CreateTemplateRequest,
  RetryRequest,
  StatusSnapshot,
  TemplateBuild,
  TemplateInfo,
} from "pulumi-nullspace/wire";
import { ConflictError, InvalidRequestError } from "../errors.ts";
import { artifactOfBuild } from "../store/artifacts.ts";
import { audit } from "../store/audit.ts";
import { openBuilds, openBuildsOf, updateBuild, type BuildRow } from "../store/builds.ts";
import type { TemplateEvents } from "../templates/events.ts";
import { canonicalRefOf, getByKey } from "../templates/logical-template.ts";
import { refuseBuiltin } from "../templates/names.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import { moveTags } from "../templates/tags.ts";
import { templateInfo } from "../templates/template-view.ts";
import { acceptBuild } from "./accept-build.ts";
import { failureDetail } from "./build-failure.ts";
import { listBuilds, type BuildFilter } from "./build-history.ts";
import { BuildLog } from "./build-log.ts";
import type { BuildObserver } from "./build-observer.ts";
import { BuildQueue } from "./build-queue.ts";
import { definitionOf, getBuild, isFinal } from "./build-record.ts";
import { markCancelled, markFailed } from "./build-transitions.ts";
import { buildView, promotability } from "./build-view.ts";
import {
  BuildCancelled,
  interruptedFailure,
  joinRun,
  runBuilds,
  ServiceStopping,
  type BuildWorker,
} from "./build-worker.ts";
import { checkRequest, type CheckedRequest, type RequestChecker } from "./check-request.ts";
import type { BuildCredentials } from "./credentials.ts";
import { joinKeyOf } from "./join-key.ts";
import { removeLeftovers } from "./leftovers.ts";
import type { ArtifactMaker } from "./make-artifact.ts";
import { contextFilesOf } from "./stored-context.ts";

/** A wait for the end of a build looks again after this time; what wakes it is the log. */
const WAIT_MS = 30_000;

/** What {@link BuildService} needs. */
export interface BuildServiceOptions extends ArtifactMaker {
  events: TemplateEvents;
  log: Logger;
  resolve: RequestChecker["resolve"];
  /** How long an artifact that nothing pins is kept. */
  retentionMs: number;
  /**
   * Are told what happens to builds.
   *
   * @default nobody is
   */
  observers?: readonly BuildObserver[];
  /**
   * Builds that run at the same time.
   *
   * @default as many as there are processors
   */
  concurrency?: number;
}

/** Builds from their acceptance to their end: the one place where their state changes. */
export class BuildService {
  readonly buildLog: BuildLog;
  readonly #options: BuildServiceOptions;
  readonly #worker: BuildWorker;
  readonly #queue: BuildQueue;
  /** By build, from the request to the end of the build. Bounded by the builds that wait or run. */
  readonly #credentials = new Map<string, BuildCredentials>();

  constructor(options: BuildServiceOptions) {
    this.#options = options;
    this.buildLog = new BuildLog(options.db);
    this.#worker = { ...options, buildLog: this.buildLog };
    this.#queue = new BuildQueue(
      async (run) => {
        const builds = run.members;
        // A build with credentials is a run of its own.
        const again = await runBuilds(this.#worker, run, this.#credentials.get(builds[0]?.buildId ?? ""));
        for (const { buildId } of builds) {
          if (!again.some((build) => build.buildId === buildId)) this.#credentials.delete(buildId);
        }
        return again;
      },
      {
        log: options.log,
        onJoin: (run, buildId) => joinRun(this.#worker, run, buildId),
        ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      },
    );
  }

  /** Takes up what an earlier process left: queues it again where it can, fails the rest with a stable reason. */
  resume(): void {
    const { db, log } = this.#options;
    const left = openBuilds(db);
    for (const record of left) {
      const { buildId, needsCredentials, status } = record;
      if (needsCredentials === 1) {
        markFailed(this.#worker, buildId, failureDetail(interruptedFailure(), buildId));
        log.warn({ buildId }, "build interrupted: its credentials are gone");
        continue;
      }
      if (status === "building") {
        updateBuild(db, buildId, { status: "waiting", startedAt: null }, ["building"]);
        this.buildLog.append(buildId, {
          kind: "retry",
          level: "warn",
          phase: "retry",
          message: "The service was restarted; the build begins again",
        });
      }
      log.info({ buildId }, "build queued again");
      this.#enqueue(record);
    }
  }

  /** Removes what builds of an earlier process left. @throws EngineUnavailableError */
  removeLeftovers(signal: AbortSignal): Promise<void> {
    return removeLeftovers(this.#options, signal);
  }

  /** Ends what runs in a state that {@link resume} takes up. */
  stop(): Promise<void> {
    return this.#queue.stop(new ServiceStopping("the service stops"));
  }

  /** Checks a request and says what is wrong with it by throwing. Changes nothing. */
  check(request: CreateTemplateRequest, signal: AbortSignal): Promise<CheckedRequest> {
    return checkRequest(this.#options, request, signal);
  }

  /** Accepts a build and queues it. */
  async start(request: CreateTemplateRequest, signal: AbortSignal): Promise<TemplateBuild> {
    const checked = await this.check(request, signal);
    return this.#accept(checked, undefined, signal);
  }

  /** A build with its log from `offset` on; the log is complete when the status is final. */
  snapshot(buildId: string, offset: number): StatusSnapshot {
    return {
      ...this.head(buildId, offset),
      entries: this.buildLog
        .read(buildId, offset)
        .map(({ entry }) => JSON.parse(entry) as StatusSnapshot["entries"][number]),
    };
  }

  /** A build, and the offset behind the last entry of its log. */
  head(buildId: string, offset: number): Pick<StatusSnapshot, "build" | "next_offset"> {
    const build = getBuild(this.#options.db, buildId);
    return { build: this.#view(build), next_offset: Math.max(build.nextOffset, offset) };
  }

  /** Waits until a build has ended. @throws the signal's reason when it is aborted first */
  async waitUntilFinal(buildId: string, signal: AbortSignal): Promise<void> {
    while (!isFinal(getBuild(this.#options.db, buildId).status)) {
      await this.buildLog.waitForEntry(buildId, WAIT_MS, signal);
      signal.throwIfAborted();
    }
  }

  /** Stops a build, also on the engine. On one that is final already it changes nothing. */
  cancel(buildId: string, reason: string | undefined): void {
    if (markCancelled(this.#worker, buildId, reason)) {
      this.#queue.abort(buildId, new BuildCancelled("the build was cancelled"));
      this.#credentials.delete(buildId);
      this.#options.events.emit({ kind: "build_finished" });
    }
  }

  /** Cancels every build of a template that has not ended. */
  cancelAll(templateKey: number, reason: string): void {
    for (const buildId of openBuildsOf(this.#options.db, templateKey)) this.cancel(buildId, reason);
  }

  /** Builds the definition of an ended build again, as a new build. */
  async retry(buildId: string, request: RetryRequest, signal: AbortSignal): Promise<TemplateBuild> {
    const { db } = this.#options;
    const record = getBuild(db, buildId);
    if (!isFinal(record.status)) {
      throw new ConflictError(`Build ${buildId} is ${record.status}; only a build that has ended can be retried.`, {
        buildId,
      });
    }
    const { secret_ids, base_image_auth_kind, registries, ...definition } = definitionOf(record);
    refuseMissingCredentials(request, { secret_ids, base_image_auth_kind, registries });
    if (record.inlineContext === 1) {
      throw new InvalidRequestError(
        `Build ${buildId} was given its files inside the request, and those are not kept. Start a new build.`,
        { buildId },
      );
    }
    if (request.tags?.length === 0) throw new InvalidRequestError("tags: give at least one tag, or leave it out.");
    const files = contextFilesOf(db, record);
    const checked = await this.check(
      {
        ...definition,
        ...(files.length > 0 && { build_context: { files } }),
        name: canonicalRefOf(getByKey(db, record.templateKey)),
        tags: request.tags ?? (JSON.parse(record.tags) as string[]),
        ...(request.base_image_auth !== undefined && { base_image_auth: request.base_image_auth }),
        ...(request.registry_auth !== undefined && { registry_auth: request.registry_auth }),
        ...(request.build_secrets !== undefined && { build_secrets: request.build_secrets }),
      } as CreateTemplateRequest,
      signal,
    );
    const lineage = { retryOfBuildId: buildId, originalBuildId: record.originalBuildId ?? buildId };
    return this.#accept(checked, lineage, signal);
  }

  /** Moves tags to the artifact of a build that is ready. */
  promote(buildId: string, tags: readonly string[]): TemplateInfo {
    const { db, events } = this.#options;
    const info = db.grow(() => {
      const record = getBuild(db, buildId);
      const template = getByKey(db, record.templateKey);
      refuseBuiltin(template, "tagged");
      const artifact = artifactOfBuild(db, buildId);
      const { promotable, status, reason } = promotability(record, artifact);
      if (!promotable) {
        throw new ConflictError(`Build ${buildId} cannot be promoted: ${reason ?? status}.`, {
          buildId,
          details: { promotability: status },
          suggestedAction:
            status === "not_ready" ? "Promote a build that is ready." : "Build it again, then promote the new build.",
        });
      }
      moveTags(db, template, tags, buildId);
      audit(db, "build_promoted", canonicalRefOf(template), { buildId, tags });
      return templateInfo(db, resolveTemplate(db, record.templateId), template);
    });
    events.emit({ kind: "tag_moved", templateId: info.id });
    return info;
  }

  /** A page of the builds of a template, or of all, newest first. */
  list(templateKey: number | undefined, filter: BuildFilter): BuildList {
    return listBuilds(this.#options.db, templateKey, filter, this.#options.retentionMs);
  }

  async #accept(
    checked: CheckedRequest,
    lineage: { retryOfBuildId: string; originalBuildId: string } | undefined,
    signal: AbortSignal,
  ): Promise<TemplateBuild> {
    // Refused before anything is recorded: a build that cannot even begin would only clutter the history.
    await this.#options.executor.checkAvailable(signal);
    const buildId = await acceptBuild(this.#worker, checked, lineage);
    if (!checked.credentials.isEmpty) this.#credentials.set(buildId, checked.credentials);
    for (const observer of this.#options.observers ?? []) observer.accepted?.(buildId);
    const record = getBuild(this.#options.db, buildId);
    const accepted = this.#view(record);
    this.#enqueue(record);
    return accepted;
  }

  #enqueue(record: BuildRow): void {
    const joinKey = joinKeyOf(record);
    this.#queue.add({
      buildId: record.buildId,
      templateKey: record.templateKey,
      ...(joinKey !== undefined && { joinKey }),
    });
  }

  #view(record: BuildRow): TemplateBuild {
    return buildView(this.#options.db, record, this.#options.retentionMs);
  }
}

function refuseMissingCredentials(
  request: RetryRequest,
  needed: {
    secret_ids?: string[] | undefined;
    base_image_auth_kind?: string | undefined;
    registries?: string[] | undefined;
  },
): void {
  const wanted = [...(needed.secret_ids ?? [])].sort();
  const given = (request.build_secrets ?? []).map(({ id }) => id).sort();
  if (wanted.join() !== given.join()) {
    throw new InvalidRequestError(
      `build_secrets: this build needs the secrets ${list(wanted)}, and ${list(given)} were given. Give exactly those; their values are not kept.`,
    );
  }
  if (needed.base_image_auth_kind !== undefined && request.base_image_auth === undefined) {
    throw new InvalidRequestError(
      "base_image_auth: this build's base image needs credentials, and they are not kept. Give them again.",
    );
  }
  const missing = (needed.registries ?? []).filter(
    (host) => !request.registry_auth?.some(({ registry }) => registry === host),
  );
  if (missing.length > 0) {
    throw new InvalidRequestError(
      `registry_auth: this build needs credentials for ${list(missing)}, and they are not kept. Give them again.`,
    );
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "(none)" : names.join(", ");
}
