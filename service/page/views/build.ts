import { BUILD_DEFAULTS, isMarkTag } from "pulumi-nullspace/wire";
import type { BuildService } from "../../builds/build-service.ts";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { definitionOf, getBuild, isFinal, type BuildDefinition } from "../../builds/build-record.ts";
import { readContextEntries, readFileText } from "../../builds/context-entries.ts";
import { describeStep } from "../../builds/dockerfile/render-dockerfile.ts";
import { contextFilesOf } from "../../builds/stored-context.ts";
import { InvalidRequestError } from "../../errors.ts";
import { readyBefore } from "../../store/build-lists.ts";
import type { BuildRow, BuildState } from "../../store/builds.ts";
import type { Database } from "../../store/database.ts";
import { tagsOf } from "../../store/tags.ts";
import { getByKey } from "../../templates/logical-template.ts";
import type { TemplateName } from "./overview.ts";
import type { MachineSize } from "./templates.ts";
import { redactorOf, saidText, shownArguments, type ShownVariable } from "./told-secrets.ts";

/** Lines of a Dockerfile before and behind the one that failed. */
const AROUND = 4;

/** Why a build failed, and where. */
export interface Failure {
  message: string;
  phase: string | undefined;
  /** Stable word for programs. */
  reason: string | undefined;
  action: string | undefined;
  isRetryable: boolean;
  /** Step of the definition, from 1. */
  step: number | undefined;
  /** Last lines that the step said. */
  tail: string[];
  /** The Dockerfile around the line that failed; absent: there is none, or its line is not known. */
  excerpt?: { line: number; lines: { number: number; text: string }[] };
}

export interface BuildDetails {
  template: TemplateName;
  buildId: string;
  artifactId: string;
  status: BuildState;
  isOver: boolean;
  /** Tags that were asked for. */
  askedTags: string[];
  /** Tags that point at it now. */
  tags: string[];
  /** Tags of the template, and where they point: where it may be promoted to. */
  otherTags: { tag: string; buildId: string }[];
  isPromotable: boolean;
  /** Why it cannot be promoted. */
  notPromotable: string | undefined;
  queuedAt: string;
  startedAt: string | undefined;
  finishedAt: string | undefined;
  by: string;
  backend: string;
  kind: string;
  base: string | undefined;
  target: string | undefined;
  size: MachineSize;
  internet: boolean;
  args: ShownVariable[];
  /** Of the build and of its machines; values are never shown. */
  envNames: string[];
  secretIds: string[];
  cache: { hits: number; misses: number; reused: boolean } | undefined;
  retryOf: string | undefined;
  cancelled: { by: string | undefined; reason: string | undefined } | undefined;
  failure: Failure | undefined;
  /** The build of the template that was ready before it. */
  before: string | undefined;
  logEnd: number;
}

/** A build, but for its steps and log. @throws ResourceNotFoundError */
export async function buildDetails(
  { db, blobs, builds }: { db: Database; blobs: BlobStore; builds: BuildService },
  buildId: string,
): Promise<BuildDetails> {
  const row = getBuild(db, buildId);
  const { build } = builds.head(buildId, 0);
  const definition = definitionOf(row);
  const { namespace, name, builtin } = getByKey(db, row.templateKey);
  const tags = tagsOf(db, row.templateKey).filter(({ tag }) => !isMarkTag(tag));
  const config = { ...BUILD_DEFAULTS, ...definition.build_config };
  const cache = build.cache_summary ?? undefined;
  return {
    template: { namespace, name },
    buildId,
    artifactId: row.templateId,
    status: row.status,
    isOver: isFinal(row.status),
    askedTags: (JSON.parse(row.tags) as string[]).filter((tag) => !isMarkTag(tag)),
    tags: tags.filter((each) => each.buildId === buildId).map(({ tag }) => tag),
    otherTags: tags.filter((each) => each.buildId !== buildId).map(({ tag, buildId }) => ({ tag, buildId })),
    isPromotable: build.promotability?.promotable === true && !builtin,
    notPromotable: build.promotability?.reason ?? undefined,
    queuedAt: row.queuedAt,
    startedAt: row.startedAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined,
    by: row.triggeredBy,
    backend: row.buildBackend,
    kind: row.sourceType,
    base: definition.base_image,
    target: definition.build_target,
    size: {
      vcpus: config.vcpus,
      memoryMb: config.memory_mib,
      ...(config.disk_mb !== undefined && { diskMb: config.disk_mb }),
    },
    internet: config.internet_access,
    args: shownArguments(definition.build_args),
    envNames: envNamesOf(definition),
    secretIds: definition.secret_ids ?? [],
    cache: cache && {
      hits: cache.layer_hits,
      misses: cache.layer_misses + cache.layer_bypasses,
      reused: cache.final_artifact_hits > 0,
    },
    retryOf: row.retryOfBuildId ?? undefined,
    cancelled:
      row.status === "cancelled"
        ? { by: row.cancelRequestedBy ?? undefined, reason: row.cancellationReason ?? undefined }
        : undefined,
    failure: row.status === "error" ? await failureOf({ db, blobs }, row, definition) : undefined,
    before: readyBefore(db, row.templateKey, buildId),
    logEnd: row.nextOffset,
  };
}

export function envNamesOf({ build_envs, runtime_config }: BuildDefinition): string[] {
  return [...new Set([...Object.keys(build_envs ?? {}), ...Object.keys(runtime_config?.default_envs ?? {})])].sort();
}

/** What a failure says of itself beside its message. */
interface FailureFacts {
  phase?: string;
  retryable?: boolean;
  suggested_action?: string;
  step_index?: number;
  details?: { reason?: string; dockerfile_line?: number; log_tail?: string[] };
}

async function failureOf(
  stores: { db: Database; blobs: BlobStore },
  row: BuildRow,
  definition: BuildDefinition,
): Promise<Failure> {
  const redactor = redactorOf(definition);
  const facts = redactor.value(JSON.parse(row.errorDetail ?? "{}") as FailureFacts);
  const line = facts.details?.dockerfile_line;
  const text = line === undefined ? undefined : await dockerfileOf(stores, row);
  return {
    // Its last lines are shown below it.
    message: saidText(row.error ?? "", redactor).split("\n  | ", 1)[0] ?? "",
    phase: facts.phase,
    reason: facts.details?.reason,
    action: facts.suggested_action,
    isRetryable: facts.retryable === true,
    step: facts.step_index,
    tail: (facts.details?.log_tail ?? []).map((said) => saidText(said, redactor)),
    ...(line !== undefined && text !== undefined && { excerpt: { line, lines: around(redactor.text(text), line) } }),
  };
}

function around(text: string, line: number): { number: number; text: string }[] {
  const first = Math.max(1, line - AROUND);
  return text
    .replace(/\n$/, "")
    .split("\n")
    .slice(first - 1, line + AROUND)
    .map((each, index) => ({ number: first + index, text: each.replace(/\r$/, "") }));
}

/** Text of the Dockerfile of a build; `undefined`: it has none, or it is past its time. */
export async function dockerfileOf(
  { db, blobs }: { db: Database; blobs: BlobStore },
  row: BuildRow,
): Promise<string | undefined> {
  const { dockerfile, dockerfile_path: path } = definitionOf(row);
  if (dockerfile !== undefined || path === undefined) return dockerfile;
  try {
    return await readFileText(blobs, readContextEntries(blobs, contextFilesOf(db, row)), path);
  } catch (error) {
    // Past its retention: a look back shows what is left.
    if (error instanceof InvalidRequestError) return undefined;
    throw error;
  }
}

/** What a build does, line by line: its Dockerfile, or its steps. */
export async function instructionsOf(
  stores: { db: Database; blobs: BlobStore },
  row: BuildRow,
): Promise<string[] | undefined> {
  const definition = definitionOf(row);
  const redactor = redactorOf(definition);
  if (definition.base_image !== undefined) {
    const { base_image, steps = [], start_cmd } = definition;
    const lines = [
      `base: ${base_image}`,
      ...steps.map(describeStep),
      ...(start_cmd === undefined ? [] : [`start: ${start_cmd}`]),
    ];
    return lines.map((line) => redactor.text(line));
  }
  const text = await dockerfileOf(stores, row);
  return text === undefined ? undefined : redactor.text(text).trimEnd().split("\n");
}
