import type { BuildRow } from "../store/builds.ts";
import { answerTimeout, Backoff, pauseUnless } from "pulumi-nullspace/concurrency";
import type { Logger } from "pino";
import type { Redactor } from "pulumi-nullspace/secrets";
import type { LogEntry } from "pulumi-nullspace/wire";
import { asError, EngineUnavailableError, ServiceError } from "../errors.ts";
import { untilRecorded } from "../store/disk-room.ts";
import type { TemplateEvents } from "../templates/events.ts";
import { NOTHING_INHERITED } from "../templates/artifact-runtime.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import type { BuildJob } from "./build-executor.ts";
import { BuildFailure, failureDetail } from "./build-failure.ts";
import type { BuildLog, NewLogEntry } from "./build-log.ts";
import { withinObservers, type BuildObserver } from "./build-observer.ts";
import { definitionOf, getBuild } from "./build-record.ts";
import type { BuildRun, QueuedBuild } from "./build-run.ts";
import { countCut, markBuilding, markFailed, markReady, markWaiting } from "./build-transitions.ts";
import { readContextEntries } from "./context-entries.ts";
import { BuildCredentials } from "./credentials.ts";
import { seeEngineGo } from "../engine-stop.ts";
import { makeArtifact, type ArtifactMaker, type BuiltArtifact } from "./make-artifact.ts";
import { contextFilesOf } from "./stored-context.ts";

/** Reason of an abort: somebody cancelled the build, and its state says so already. */
export class BuildCancelled extends Error {}

/** Reason of an abort: the service stops. */
export class ServiceStopping extends Error {}

/** A build that the engine went away from so often fails: it may be what the engine dies of. */
export const MOST_ENGINE_CUTS = 5;

/** Pauses between two looks whether the engine is back. */
const ENGINE_RETRY_MS = { first: 500, most: 5_000 };

/** What a worker needs. */
export interface BuildWorker extends ArtifactMaker {
  buildLog: BuildLog;
  events: TemplateEvents;
  log: Logger;
  observers?: readonly BuildObserver[];
}

const NO_CREDENTIALS = new BuildCredentials({});

/**
 * Runs waiting builds that make the same to their end, whatever that is, and records it for each. Waits first for an engine
 * that is away. Does not throw for a build that fails.
 *
 * @returns builds that wait again: they were cut by the loss of the engine, or by a failure that says nothing of them
 */
export async function runBuilds(
  worker: BuildWorker,
  run: BuildRun,
  credentials: BuildCredentials = NO_CREDENTIALS,
): Promise<readonly QueuedBuild[]> {
  const { db, events, log } = worker;
  const { signal } = run;
  const { redactor } = credentials;
  if (!(await engineIsThere(worker, run))) return [];
  for (const { buildId } of run.members) {
    const isWaiting = await untilRecorded(() => markBuilding(worker, buildId), signal);
    if (!isWaiting) run.leave(buildId, new BuildCancelled("the build has ended"));
  }
  const [leader, ...followers] = run.members;
  if (leader === undefined) return [];
  for (const { buildId } of followers) tellJoined(worker, leader.buildId, buildId);
  const record = getBuild(db, leader.buildId);
  let again: readonly QueuedBuild[] = [];
  try {
    const job = prepareJob(worker, record, credentials);
    const built = await withinObservers(worker.observers ?? [], leader.buildId, () =>
      makeArtifact(worker, job, (entry) => report(worker, run, entry, redactor), signal),
    );
    run.close();
    log.info({ buildId: leader.buildId, templateId: record.templateId, imageId: built.imageId }, "image built");
    again = await recordReady(worker, run, record, built);
  } catch (error) {
    run.close();
    again = await untilRecorded(() => recordFailure(worker, run, leader.buildId, error, redactor), signal);
  }
  events.emit({ kind: "build_finished", templateId: record.templateId });
  return again;
}

/** Makes a build that waits one of a run that is under way, if it has begun. */
export function joinRun(worker: BuildWorker, run: BuildRun, buildId: string): void {
  const { db, buildLog } = worker;
  const leader = run.members.find((one) => one.buildId !== buildId && getBuild(db, one.buildId).status === "building");
  // One that still waits for the engine takes up all of its members when it begins.
  if (leader === undefined) return;
  if (!markBuilding(worker, buildId)) return run.leave(buildId, new BuildCancelled("the build has ended"));
  tellJoined(worker, leader.buildId, buildId);
  for (const { entry } of buildLog.read(leader.buildId, 0)) {
    const {
      build_id: _id,
      template_id: _artifact,
      offset: _at,
      timestamp: _time,
      ...told
    } = JSON.parse(entry) as LogEntry;
    if (told.phase !== "preparing" && told.kind !== "start") buildLog.appendMessage(buildId, told);
  }
}

/** A build whose credentials went with the process that held them. */
export function interruptedFailure(): BuildFailure {
  return new BuildFailure(
    "The service stopped during the build, and the credentials that it needs live for one request only.",
    {
      phase: "interrupted",
      reason: "interrupted",
      retryable: true,
      suggestedAction: "Retry the build, and give its secrets and registry credentials again.",
    },
  );
}

/**
 * Waits for an engine that is away, and for one that may be about to go: it still answers for a moment after it has cut
 * what it was building. Otherwise one stop of the engine would cut a build again and again.
 *
 * @returns `false` when the run has been given up meanwhile
 */
async function engineIsThere({ db, executor, buildLog }: BuildWorker, run: BuildRun): Promise<boolean> {
  const told = new Set<string>();
  let mayGo = run.members.some(({ buildId }) => getBuild(db, buildId).engineCuts > 0);
  const backoff = new Backoff(ENGINE_RETRY_MS);
  do {
    try {
      await executor.checkAvailable(run.signal);
      const lost = mayGo ? await seeEngineGo((signal) => executor.checkAvailable(signal), run.signal) : undefined;
      run.signal.throwIfAborted();
      if (lost === undefined) return true;
      throw lost;
    } catch (error) {
      if (run.signal.aborted) return false;
      mayGo = false;
      // What else is wrong with the engine, the build itself will tell.
      if (!(error instanceof EngineUnavailableError)) return true;
      for (const { buildId } of run.members) {
        if (told.has(buildId)) continue;
        told.add(buildId);
        const message = `The build waits for its engine. ${error.message}`;
        buildLog.appendMessage(buildId, { kind: "warning", level: "warn", phase: "preparing", message });
      }
    }
  } while (await pauseUnless(backoff.next(), run.signal));
  return false;
}

function report(
  { buildLog, observers = [] }: BuildWorker,
  run: BuildRun,
  entry: NewLogEntry,
  redactor: Redactor,
): void {
  // After a cancel the last entry is written; what the engine still says belongs to nobody.
  if (run.signal.aborted) return;
  const clean = withoutSecrets(entry, redactor);
  for (const { buildId } of run.members) {
    buildLog.appendMessage(buildId, clean);
    for (const observer of observers) observer.said?.(buildId, clean);
  }
}

function tellJoined({ buildLog }: BuildWorker, leaderId: string, buildId: string): void {
  buildLog.appendMessage(buildId, {
    kind: "message",
    level: "info",
    phase: "preparing",
    message: `Build ${leaderId} builds the same and is running: both share one run of the builder`,
  });
}

function prepareJob({ db, blobs }: BuildWorker, record: BuildRow, credentials: BuildCredentials): BuildJob {
  const definition = definitionOf(record);
  const context = readContextEntries(blobs, contextFilesOf(db, record));
  const common = {
    buildId: record.buildId,
    templateId: record.templateId,
    templateKey: record.templateKey,
    definition,
    context,
    credentials,
    inherited: NOTHING_INHERITED,
    isImport: record.sourceType === "oci_import",
  };
  if (definition.base_image === undefined) return { ...common, baseIsTemplate: false };
  if (record.baseTemplateId === null) return { ...common, baseImage: definition.base_image, baseIsTemplate: false };
  // The artifact that the ref meant when the build was accepted, wherever its tag points now.
  const { imageRef, env, imageEnvKeys } = resolveTemplate(db, record.baseTemplateId);
  return { ...common, baseImage: imageRef, baseIsTemplate: true, inherited: { env, imageEnvKeys } };
}

/** @returns builds whose own name of the image the engine could not give: they run again */
async function recordReady(
  worker: BuildWorker,
  run: BuildRun,
  leader: BuildRow,
  built: BuiltArtifact,
): Promise<readonly QueuedBuild[]> {
  const { db, artifacts } = worker;
  const again: QueuedBuild[] = [];
  // The leader's name comes last: as long as it is there, nobody takes the image away.
  for (const member of run.members.filter(({ buildId }) => buildId !== leader.buildId)) {
    const { templateId } = getBuild(db, member.buildId);
    try {
      if (!(await artifacts.keep(built.imageId, templateId, run.signal))) throw new Error("the image has gone");
      const imageRef = artifacts.nameOf(templateId);
      const isReady = await untilRecorded(() => markReady(worker, member.buildId, { ...built, imageRef }), run.signal);
      if (!isReady) await removeImage(worker, imageRef);
    } catch (error) {
      worker.log.info({ buildId: member.buildId, err: asError(error) }, "a joined build has no image; it runs again");
      if (markWaiting(worker, member.buildId, "The image could not be taken over; the build begins again")) {
        again.push(member);
      }
    }
  }
  const isReady = await untilRecorded(() => markReady(worker, leader.buildId, built), run.signal);
  if (!isReady) await removeImage(worker, built.imageRef);
  return again;
}

async function removeImage({ artifacts, log }: BuildWorker, imageRef: string): Promise<void> {
  try {
    using timeout = answerTimeout(30_000);
    await artifacts.remove(imageRef, timeout.signal);
  } catch (error) {
    log.warn({ imageRef, err: asError(error) }, "an unused image stays until the next start");
  }
}

/** @returns builds that run again */
function recordFailure(
  worker: BuildWorker,
  run: BuildRun,
  leaderId: string,
  thrown: unknown,
  redactor: Redactor,
): readonly QueuedBuild[] {
  const { log } = worker;
  const { signal, members } = run;
  if (signal.aborted && signal.reason instanceof ServiceStopping) {
    for (const { buildId } of members) recordStopped(worker, buildId, redactor);
    return [];
  }
  if (signal.aborted) return [];
  if (thrown instanceof EngineUnavailableError) {
    return members.filter(({ buildId }) => recordCut(worker, buildId, thrown, redactor));
  }
  const failure = toFailure(thrown);
  if (failure.reason === "internal_error")
    log.error({ err: redactor.text(asError(thrown).stack ?? ""), buildId: leaderId }, "build failed unexpectedly");
  else log.info({ buildId: leaderId, reason: failure.reason, phase: failure.phase }, "build failed");
  // A failure of the definition is that of everybody who has the same; another may have met this run alone.
  const isShared = !failure.retryable;
  return members.filter(({ buildId }) => {
    if (!isShared && buildId !== leaderId) {
      return markWaiting(worker, buildId, `Build ${leaderId} failed, which made the same; this one begins again`);
    }
    markFailed(worker, buildId, failureDetail(failure, buildId, redactor));
    return false;
  });
}

function recordStopped(worker: BuildWorker, buildId: string, redactor: Redactor): void {
  if (getBuild(worker.db, buildId).needsCredentials === 0) {
    markWaiting(worker, buildId, "The service stops; the build begins again when it is back");
  } else {
    markFailed(worker, buildId, failureDetail(interruptedFailure(), buildId, redactor));
  }
}

/** The engine went away. @returns whether the build waits again */
function recordCut(worker: BuildWorker, buildId: string, lost: EngineUnavailableError, redactor: Redactor): boolean {
  const cuts = countCut(worker, buildId);
  worker.log.warn({ buildId, cuts, reason: lost.message }, "the engine went away during a build");
  if (cuts < MOST_ENGINE_CUTS) {
    return markWaiting(worker, buildId, `The build was cut and begins again when its engine is back. ${lost.message}`);
  }
  const failure = new BuildFailure(
    `The engine went away ${cuts} times during the build, so it is not started again. ${lost.message}`,
    {
      code: "internal_error",
      phase: "interrupted",
      reason: "engine_unavailable",
      retryable: true,
      suggestedAction: "Look in the engine's own log for why it stops, and retry the build when it stays up.",
      details: { engine_cuts: cuts },
      cause: lost,
    },
  );
  markFailed(worker, buildId, failureDetail(failure, buildId, redactor));
  return false;
}

function toFailure(thrown: unknown): BuildFailure {
  if (thrown instanceof BuildFailure) return thrown;
  if (thrown instanceof ServiceError && thrown.status < 500) {
    // The base or a file was there at acceptance and is gone now.
    return new BuildFailure(thrown.message, {
      ...(thrown.code === "file_upload_error" && { code: "file_upload_error" as const }),
      phase: thrown.code === "file_upload_error" ? "blob_upload" : "prepare",
      reason: "definition_gone",
      suggestedAction: thrown.suggestedAction ?? "Start the build again.",
      cause: thrown,
    });
  }
  return new BuildFailure(`The service met an internal error during the build: ${asError(thrown).message}`, {
    code: "internal_error",
    phase: "prepare",
    reason: "internal_error",
    retryable: true,
    suggestedAction: "Retry the build; the service's log holds the cause.",
    cause: thrown,
  });
}

/** The entry without secrets in what of it is free text; its other members are words of the contract. */
function withoutSecrets(entry: NewLogEntry, redactor: Redactor): NewLogEntry {
  return {
    ...entry,
    message: redactor.text(entry.message),
    ...(entry.cache_subject != null && { cache_subject: redactor.text(entry.cache_subject) }),
  };
}
