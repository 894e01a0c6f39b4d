import type { Logger } from "pino";
import { Redactor } from "pulumi-nullspace/secrets";
import type { BlobStore } from "../blobs/blob-store.ts";
import { asError, ServiceError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import type { TemplateEvents } from "../templates/events.ts";
import { NOTHING_INHERITED } from "../templates/artifact-runtime.ts";
import { resolveTemplate } from "../templates/resolve.ts";
import type { BuildExecutor, BuildJob } from "./build-executor.ts";
import { BuildFailure, failureDetail } from "./build-failure.ts";
import type { BuildLog, NewLogEntry } from "./build-log.ts";
import { definitionOf, getBuild, type BuildRecord } from "./build-record.ts";
import { markBuilding, markFailed, markReady, markWaiting } from "./build-transitions.ts";
import { readContextEntries } from "./context-entries.ts";
import { BuildCredentials } from "./credentials.ts";
import { contextFilesOf } from "./stored-context.ts";

/** Reason of an abort: somebody cancelled the build, and its state says so already. */
export class BuildCancelled extends Error {}

/** Reason of an abort: the service stops. */
export class ServiceStopping extends Error {}

/** What a worker needs. */
export interface BuildWorker {
  db: Database;
  blobs: BlobStore;
  buildLog: BuildLog;
  executor: BuildExecutor;
  events: TemplateEvents;
  log: Logger;
}

const NO_CREDENTIALS = new BuildCredentials({});

/** Runs one waiting build to its end, whatever that is, and records it. Does not throw for a build that fails. */
export async function runBuild(
  worker: BuildWorker,
  buildId: string,
  credentials: BuildCredentials | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { db, buildLog, executor, events, log } = worker;
  if (!markBuilding(worker, buildId)) return;
  const record = getBuild(db, buildId);
  const redactor = new Redactor(credentials?.sensitiveTexts ?? []);
  try {
    const job = prepareJob(worker, record, credentials ?? NO_CREDENTIALS);
    const built = await executor.run(
      job,
      (entry) => {
        // After a cancel the last entry is written; what the engine still says belongs to nobody.
        if (!signal.aborted) buildLog.append(buildId, withoutSecrets(entry, redactor));
      },
      signal,
    );
    if (markReady(worker, buildId, built)) {
      log.info({ buildId, templateId: record.template_id, imageId: built.imageId }, "build ready");
    } else {
      await executor.removeImage(built.imageRef, AbortSignal.timeout(30_000));
    }
  } catch (error) {
    settleFailure(worker, record, error, signal, redactor);
  }
  events.emit({ kind: "build_finished", templateId: record.template_id });
}

/** A build whose credentials went with the process that held them. */
export function interruptedFailure(): BuildFailure {
  return new BuildFailure(
    "The service stopped during the build, and the credentials that it needs live for one request only.",
    {
      phase: "interrupted",
      reason: "interrupted",
      retryable: true,
      suggestedAction: "Retry the build, and give its secrets and registry credentials anew.",
    },
  );
}

function prepareJob({ db, blobs }: BuildWorker, record: BuildRecord, credentials: BuildCredentials): BuildJob {
  const definition = definitionOf(record);
  const context = readContextEntries(blobs, contextFilesOf(db, record));
  const common = {
    buildId: record.build_id,
    templateId: record.template_id,
    templateKey: record.template_key,
    definition,
    context,
    credentials,
    inherited: NOTHING_INHERITED,
    isImport: record.source_type === "oci_import",
  };
  if (definition.base_image === undefined) return { ...common, baseIsTemplate: false };
  if (record.base_template_id === null) return { ...common, baseImage: definition.base_image, baseIsTemplate: false };
  // The artifact that the ref meant when the build was accepted, wherever its tag points now.
  const { imageRef, env, imageEnvKeys } = resolveTemplate(db, record.base_template_id);
  return { ...common, baseImage: imageRef, baseIsTemplate: true, inherited: { env, imageEnvKeys } };
}

function settleFailure(
  worker: BuildWorker,
  record: BuildRecord,
  thrown: unknown,
  signal: AbortSignal,
  redactor: Redactor,
): void {
  const { log } = worker;
  const buildId = record.build_id;
  if (signal.aborted && signal.reason instanceof BuildCancelled) return;
  if (signal.aborted && signal.reason instanceof ServiceStopping && record.needs_credentials === 0) {
    markWaiting(worker, buildId, "The service stops; the build begins again when it is back");
    return;
  }
  const failure = signal.aborted ? interruptedFailure() : toFailure(thrown);
  if (failure.reason === "internal_error")
    log.error({ err: redactor.text(asError(thrown).stack ?? ""), buildId }, "build failed unexpectedly");
  else log.info({ buildId, reason: failure.reason, phase: failure.phase }, "build failed");
  markFailed(worker, buildId, failureDetail(failure, buildId, redactor));
}

function toFailure(thrown: unknown): BuildFailure {
  if (thrown instanceof BuildFailure) return thrown;
  if (thrown instanceof ServiceError && thrown.status < 500) {
    // The base or a file was there at acceptance and is gone now.
    return new BuildFailure(thrown.message, {
      ...(thrown.code === "file_upload_error" && { code: "file_upload_error" as const }),
      phase: thrown.code === "file_upload_error" ? "blob_upload" : "prepare",
      reason: "definition_gone",
      suggestedAction: thrown.suggestedAction ?? "Start the build anew.",
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
