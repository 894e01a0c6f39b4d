import { diffArrays } from "diff";
import type { ContextFile } from "pulumi-nullspace/wire";
import type { BlobStore } from "../../blobs/blob-store.ts";
import { definitionOf, getBuild, type BuildDefinition } from "../../builds/build-record.ts";
import { InvalidRequestError } from "../../errors.ts";
import type { BuildRow, BuildState } from "../../store/builds.ts";
import { findContextFiles } from "../../store/contexts.ts";
import type { Database } from "../../store/database.ts";
import { getByKey } from "../../templates/logical-template.ts";
import { instructionsOf } from "./build.ts";
import type { TemplateName } from "./overview.ts";
import { isSecretName } from "./told-secrets.ts";
import { MASK } from "pulumi-nullspace/secrets";

/** Changed files that are named; more are counted. */
export const MOST_FILES = 200;

/** Two texts that differ in more lines than this are shown as one taken away and one put in its place. */
const MOST_EDITS = 2_000;

/** A line of one build, of the other, or of both. */
export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
}

/** A setting that differs; absent on a side: it is not there. */
export interface SettingChange {
  name: string;
  from?: string;
  to?: string;
}

export interface FileChange {
  path: string;
  kind: "added" | "removed" | "changed" | "mode";
}

export interface ComparedBuild {
  buildId: string;
  status: BuildState;
  createdAt: string;
  template: TemplateName;
}

export interface Comparison {
  from: ComparedBuild;
  to: ComparedBuild;
  settings: SettingChange[];
  /** Lines of both, those that differ with a few around them; `undefined`: one of them is past its time. */
  instructions: DiffLine[] | undefined;
  instructionsDiffer: boolean;
  /** `undefined`: one of the contexts is past its time. */
  files: { changes: FileChange[]; count: number } | undefined;
}

/** What is different in a build from an earlier one. @throws InvalidRequestError when they are of different templates */
export async function compareBuilds(
  stores: { db: Database; blobs: BlobStore },
  { from, to }: { from: string; to: string },
): Promise<Comparison> {
  const { db } = stores;
  const [old, young] = [getBuild(db, from), getBuild(db, to)];
  if (old.templateKey !== young.templateKey) {
    throw new InvalidRequestError("The two builds are of different templates.", {
      suggestedAction: "Compare builds of one template.",
    });
  }
  const [before, after] = [await instructionsOf(stores, old), await instructionsOf(stores, young)];
  const lines = before !== undefined && after !== undefined ? diffLines(before, after) : undefined;
  return {
    from: comparedBuild(db, old),
    to: comparedBuild(db, young),
    settings: changesOf(settingsOf(old), settingsOf(young)),
    instructions: lines,
    instructionsDiffer: lines?.some(({ kind }) => kind !== "same") ?? false,
    files: filesChanged(db, old, young),
  };
}

function comparedBuild(db: Database, { buildId, status, createdAt, templateKey }: BuildRow): ComparedBuild {
  const { namespace, name } = getByKey(db, templateKey);
  return { buildId, status, createdAt, template: { namespace, name } };
}

/** Lines of two lists in one, in their order. */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const parts = diffArrays([...before], [...after], { maxEditLength: MOST_EDITS }) ?? [
    { removed: true, added: false, value: [...before] },
    { removed: false, added: true, value: [...after] },
  ];
  return parts.flatMap(({ added, removed, value }) =>
    value.map((text): DiffLine => ({ kind: added ? "added" : removed ? "removed" : "same", text })),
  );
}

/** A setting's text, and whether it may be shown. */
type Settings = Map<string, { value: string; isShown: boolean }>;

function settingsOf(row: BuildRow): Settings {
  const definition = definitionOf(row);
  const { vcpus, memory_mib, disk_mb, internet_access } = definition.build_config ?? {};
  const plain: Record<string, string | number | boolean | undefined> = {
    backend: row.buildBackend,
    "base image": definition.base_image,
    Dockerfile: definition.dockerfile_path,
    target: definition.build_target,
    vCPUs: vcpus,
    "memory (MiB)": memory_mib,
    "disk (MB)": disk_mb,
    "internet access": internet_access,
    "start command": definition.start_cmd,
    user: definition.runtime_config?.default_user,
    "working folder": definition.runtime_config?.default_workdir,
    readiness: definition.runtime_config?.readiness && JSON.stringify(definition.runtime_config.readiness),
    "skips the cache": definition.skip_cache,
    secrets: definition.secret_ids?.join(", "),
  };
  const settings: Settings = new Map();
  for (const [name, value] of Object.entries(plain)) {
    if (value !== undefined) settings.set(name, { value: String(value), isShown: true });
  }
  for (const [kind, name, value, isShown] of variablesOf(definition))
    settings.set(`${kind} ${name}`, { value, isShown });
  return settings;
}

function variablesOf({ build_args, build_envs, runtime_config }: BuildDefinition): [string, string, string, boolean][] {
  const of = (kind: string, values: Record<string, string> | undefined, mayShow: boolean) =>
    Object.entries(values ?? {}).map(([name, value]): [string, string, string, boolean] => [
      kind,
      name,
      value,
      mayShow && !isSecretName(name),
    ]);
  return [
    ...of("argument", build_args, true),
    ...of("build variable", build_envs, false),
    ...of("machine variable", runtime_config?.default_envs, false),
  ];
}

function changesOf(before: Settings, after: Settings): SettingChange[] {
  const text = (setting: { value: string; isShown: boolean } | undefined) =>
    setting && (setting.isShown ? setting.value : MASK);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [old, young] = [before.get(name), after.get(name)];
    if (old?.value === young?.value) return [];
    const [from, to] = [text(old), text(young)];
    return { name, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  });
}

function filesChanged(db: Database, old: BuildRow, young: BuildRow): Comparison["files"] {
  if (old.contextKey === young.contextKey) return { changes: [], count: 0 };
  const [before, after] = [filesOf(db, old), filesOf(db, young)];
  if (before === undefined || after === undefined) return undefined;
  const changes: FileChange[] = [];
  let count = 0;
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const kind = changeOf(before.get(path), after.get(path));
    if (kind === undefined) continue;
    count += 1;
    if (changes.length < MOST_FILES) changes.push({ path, kind });
  }
  return { changes, count };
}

function filesOf(db: Database, { contextKey }: BuildRow): Map<string, ContextFile> | undefined {
  if (contextKey === null) return new Map();
  const files = findContextFiles(db, contextKey);
  return files === undefined
    ? undefined
    : new Map((JSON.parse(files) as ContextFile[]).map((file) => [file.path, file]));
}

function changeOf(old: ContextFile | undefined, young: ContextFile | undefined): FileChange["kind"] | undefined {
  if (old === undefined) return "added";
  if (young === undefined) return "removed";
  if (old.blob_id !== young.blob_id || old.entry_type !== young.entry_type) return "changed";
  return old.mode === young.mode ? undefined : "mode";
}
