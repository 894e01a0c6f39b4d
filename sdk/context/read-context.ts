import {
  amount,
  anyText,
  check,
  either,
  flag,
  listOf,
  oneOf,
  options as optionsOf,
  required,
  signal as abortSignal,
  text,
  whole,
  type Members,
} from "../arguments/index.ts";
import { BuildContext, type ContextDockerfile, type ContextTree } from "./build-context.ts";
import { type FoundDockerfile, findDockerfile, outsideDockerfilePath } from "./dockerfile.ts";
import { contextRoot } from "./context-root.ts";
import { ContextMemo, treeKey } from "./cache/context-memo.ts";
import { readStatCache, writeStatCache } from "./cache/stat-cache-file.ts";
import { StatCacheFolder } from "./cache/stat-cache-folder.ts";
import { ContextError } from "./errors.ts";
import { createIgnoreMatcher } from "./ignore/create-matcher.ts";
import type { IgnoreSource, IgnoreSyntax } from "./ignore/rule.ts";
import { type ContextLimits, resolveLimits } from "./limits.ts";
import { DEFAULT_MANIFEST_ENTRIES } from "./manifest/manifest.ts";
import { resolveSources } from "./sources.ts";
import { hiddenEntries } from "./hidden-entries.ts";
import { type EarlierReading, earlierReading } from "./walk/earlier-reading.ts";
import type { ReadJob, SymlinkMode } from "./walk/job.ts";
import { type EntryTable, findEntry } from "./table/entry-table.ts";
import { isFileKind } from "./table/kind.ts";
import { inSpan } from "../tracing/index.ts";
import type { ReadResult } from "./walk/read-tree.ts";
import { runRead } from "./walk/run-read.ts";
import { displayRoot, type TreeRoot } from "./walk/tree-root.ts";

/** What {@link readContext} reads, and by which rules. */
export interface ContextOptions {
  /** The directory whose content is sent. Relative to the working directory. Any name that the system allows. */
  dir: string;
  /**
   * The Dockerfile, relative to `dir`; it may lie outside. `false` = the context has none, which is what declarative
   * templates have.
   *
   * @default `Dockerfile`
   */
  dockerfile?: string | false;
  /** The Dockerfile's text, instead of a file. */
  dockerfileContent?: string;
  /**
   * How the ignore file and `ignorePatterns` are read.
   *
   * @default `docker`
   */
  ignoreSyntax?: IgnoreSyntax;
  /** More patterns, read after those of the ignore file. */
  ignorePatterns?: readonly string[];
  /**
   * What becomes of symbolic links.
   *
   * - `keep`: they are sent as links, by their text, wherever that leads: outside of the context, nowhere, round in a
   *   circle. Docker's builders take them so; a service that takes files alone cannot.
   * - `copy`: what they lead to is sent instead; one that leads outside of the context, nowhere or round in a circle is an
   *   error, and nothing outside is ever read. What counts is where a link ends, not which way it goes; and that its own
   *   path is not ignored, whatever the rules say of the place it leads to.
   * - `skip`: they are left out, and named in `skippedLinks`.
   * - `error`: a link is an error.
   *
   * @default `keep`
   */
  symlinks?: SymlinkMode;
  /**
   * Files and folders to read, with everything below them; nothing else is looked at, however large. Paths relative to
   * `dir`, with `/`; `.` is all of it. The same ignore rules hold.
   *
   * The context is the one of a tree that holds nothing else: the folders on the way to a source are entries of it, so that
   * its hash changes with their names, and with nothing beside them. A Dockerfile in `dir` and its ignore file belong to it;
   * with `dockerfile: false` the ignore file is read for its rules and is no entry, unless it is among the sources.
   *
   * A source that is not inside is an error (`source_outside_context`), as is one that is not there (`source_not_found`) or of
   * which nothing is sent, since a rule ignores it (`source_ignored`) or a link is not followed (`symlink_not_supported`).
   *
   * @default all of `dir`
   */
  sources?: readonly string[];
  /**
   * Sockets, FIFOs and devices: `list` leaves them out and names them in the result, `error` refuses them. One that is
   * named as a source is an error either way.
   *
   * @default `list`
   */
  unsupported?: "error" | "list";
  limits?: ContextLimits;
  /**
   * Lines of the manifest.
   *
   * @default 500
   */
  manifestEntries?: number;
  /**
   * Where digests are remembered. That of a file that still looks the same (size, times, inode) is not
   * taken again.
   *
   * - `true`: within this process; and a reading equal to one under way shares its result, so that it may miss what is
   *   written in between.
   * - `{ folder }`: the same, and those of a tree of a thousand entries or more are kept in that folder, beside those of
   *   other trees, for later processes; the ones used longest ago make room.
   * - a path: in that file, for the next process.
   * - `false`: nowhere; every file is read.
   *
   * @default true
   */
  statCache?: boolean | string | { readonly folder: string };
  signal?: AbortSignal;
}

const CONTEXT_MEMBERS: Members<ContextOptions> = {
  dir: required(text),
  dockerfile: { expected: "a path, or false", accepts: (value) => value === false || text.accepts(value) },
  dockerfileContent: anyText,
  ignoreSyntax: oneOf("docker", "gitignore"),
  ignorePatterns: listOf(anyText, "texts"),
  symlinks: oneOf("keep", "copy", "skip", "error"),
  sources: listOf(anyText, "paths"),
  unsupported: oneOf("error", "list"),
  limits: optionsOf<ContextLimits>({ entries: amount, files: amount, bytes: amount, fileBytes: amount, setBy: text }),
  manifestEntries: whole(1),
  statCache: either(flag, text, optionsOf<{ folder: unknown }>({ folder: required(text) })),
  signal: abortSignal,
};
const CONTEXT = optionsOf<ContextOptions>(CONTEXT_MEMBERS);
const { manifestEntries: _none, statCache: _neither, ...LISTED_MEMBERS } = CONTEXT_MEMBERS;
const LISTED = optionsOf<Omit<ContextOptions, "manifestEntries" | "statCache">>(LISTED_MEMBERS);

/** Walks of a tree in which something vanished between being listed and being read, before that is an error. */
const ATTEMPTS = 3;

/**
 * Reads a build context: which entries are sent, their digests, and the hash of it all. The work happens in threads of its
 * own, and the caller's event loop stays free; only a tree of a few small files is read at once, as that takes less time than
 * to ask a thread.
 *
 * @throws ContextError with a `code` of `ContextErrorCode`
 * @example
 * ```ts
 * const context = await readContext({ dir: "./app" });
 * console.log(context.hash, context.table.length);
 * ```
 */
export async function readContext(options: ContextOptions): Promise<BuildContext> {
  check("readContext", { options: CONTEXT }, { options });
  return inSpan("hash context", {}, async (span) => {
    const context = await readWhole(options);
    span.set({ "nullspace.context.entries": context.table.length });
    return context;
  });
}

async function readWhole(options: ContextOptions): Promise<BuildContext> {
  const { job, rules, found } = await prepare(options, "all");
  const { identity, ...result } = await readWithCache(job, options.statCache ?? true, options.signal);
  return new BuildContext({
    ...result,
    ...identity!,
    root: job.root,
    rules,
    followsLinks: job.symlinks === "copy",
    dockerfile: contextDockerfile(found, result.table),
    hidden: hiddenEntries(result.table, found, options.ignoreSyntax ?? "docker"),
  });
}

/**
 * Lists a build context for a builder that fetches files itself and knows from their sizes and times which ones it has
 * already. Files are looked at, not read, but for those whose times say too little.
 *
 * @throws ContextError with a `code` of `ContextErrorCode`
 * @example
 * ```ts
 * const { table, skippedLinks } = await listContext({ dir: "./app", symlinks: "skip" });
 * console.log(`${table.length} entries, and ${skippedLinks.length} links that are left out`);
 * ```
 */
export async function listContext(
  options: Omit<ContextOptions, "manifestEntries" | "statCache">,
): Promise<ContextTree> {
  check("listContext", { options: LISTED }, { options });
  return (await beginListing(options)).list();
}

/** A listing of which the beginning is done: the Dockerfile was found, and the ignore rules were read. */
export interface BegunListing {
  readonly root: TreeRoot;
  /** {@link ContextDockerfile.path}; absent without a Dockerfile. */
  readonly dockerfilePath: string | undefined;
  list(): Promise<ContextTree>;
}

/** {@link listContext} in two steps, for a builder that is told of the folder before it is looked at. */
export async function beginListing(
  options: Omit<ContextOptions, "manifestEntries" | "statCache">,
): Promise<BegunListing> {
  const { job, found } = await prepare(options, "coarse");
  const { root, symlinks } = job;
  return {
    root,
    dockerfilePath: found.content === undefined ? undefined : dockerfilePath(found),
    async list() {
      const { table, skippedLinks, unsupported } = await readWithCache(job, true, options.signal);
      return {
        dir: displayRoot(root),
        root,
        table,
        followsLinks: symlinks === "copy",
        skippedLinks,
        unsupported,
        dockerfile: contextDockerfile(found, table),
        hidden: hiddenEntries(table, found, options.ignoreSyntax ?? "docker"),
      };
    },
  };
}

async function prepare(options: ContextOptions, digests: ReadJob["digests"]) {
  const root = await contextRoot(options.dir);
  const found = await findDockerfile({ ...options, root });
  const ignore = ignoreSource(options, found);
  // Compiled here too: a malformed pattern is an error before a thread is started, and explanations need the rules.
  const { rules } = createIgnoreMatcher(ignore);
  return { job: readJob(root, options, found, ignore, digests), rules, found };
}

function contextDockerfile(found: FoundDockerfile, table: EntryTable): ContextDockerfile | undefined {
  if (found.content === undefined) return undefined;
  const ignoreFile = found.ignoreFile?.contextPath;
  return {
    path: dockerfilePath(found),
    content: found.content,
    isInContext: found.contextPath !== undefined,
    // One that is a link is no file to open, or was left out.
    ignoreFile: ignoreFile !== undefined && hasFile(table, ignoreFile) ? ignoreFile : undefined,
  };
}

function dockerfilePath({ contextPath, sha256 }: FoundDockerfile): string {
  return contextPath ?? outsideDockerfilePath(sha256!);
}

function hasFile(table: EntryTable, path: string): boolean {
  const index = findEntry(table, path);
  return index >= 0 && isFileKind(table.kinds[index]!);
}

function ignoreSource(options: ContextOptions, found: FoundDockerfile): IgnoreSource {
  const { ignoreFile, contextPath } = found;
  const alwaysSent = [ignoreFile?.contextPath, contextPath].filter((path) => path !== undefined);
  return {
    syntax: options.ignoreSyntax ?? "docker",
    file: ignoreFile && { name: ignoreFile.name, text: ignoreFile.text },
    patterns: options.ignorePatterns ?? [],
    alwaysSent,
  };
}

function readJob(
  root: TreeRoot,
  options: ContextOptions,
  found: FoundDockerfile,
  ignore: IgnoreSource,
  digests: ReadJob["digests"],
): ReadJob {
  const isInContext = found.contextPath !== undefined;
  return {
    root,
    ignore,
    symlinks: options.symlinks ?? "keep",
    sources: options.sources && resolveSources(options.dir, root, options.sources),
    limits: resolveLimits(options.limits),
    unsupported: options.unsupported ?? "list",
    reservedPath: found.sha256 === undefined || isInContext ? undefined : outsideDockerfilePath(found.sha256),
    dockerfile: found.sha256 === undefined ? undefined : { sha256: found.sha256, isInContext },
    manifestEntries: options.manifestEntries ?? DEFAULT_MANIFEST_ENTRIES,
    digests,
  };
}

/** Shared by all readings of the process: several resources, and several checks of one, read the same tree. */
const memo = new ContextMemo();

async function readWithCache(
  job: ReadJob,
  cache: NonNullable<ContextOptions["statCache"]>,
  signal: AbortSignal | undefined,
): Promise<ReadResult> {
  if (cache === false) return readSteadily(job, undefined, signal);
  if (cache === true) return memo.read(job, (earlier, ending) => readSteadily(job, earlier, ending), signal);
  const key = treeKey(job);
  if (typeof cache === "object") {
    const kept = new StatCacheFolder(cache.folder);
    return memo.read(job, (earlier, ending) => readAndKeep(job, key, kept, earlier, ending), signal);
  }
  const earlier = await readStatCache(cache, key);
  const result = await readSteadily(job, earlier, signal);
  if (isNews(result, earlier)) await writeStatCache(cache, key, earlierReading(job, result));
  return result;
}

async function readAndKeep(
  job: ReadJob,
  key: string,
  kept: StatCacheFolder,
  remembered: EarlierReading | undefined,
  signal: AbortSignal,
): Promise<ReadResult> {
  const earlier = remembered ?? (await kept.read(key));
  const result = await readSteadily(job, earlier, signal);
  if (isNews(result, earlier)) await kept.write(key, earlierReading(job, result));
  return result;
}

/** Whether it is worth a write: files were read, or more is proved by the directories than before. */
function isNews({ table, directories, filesRead }: ReadResult, earlier: EarlierReading | undefined): boolean {
  return filesRead > 0 || (directories !== undefined && table !== earlier?.table);
}

async function readSteadily(
  job: ReadJob,
  earlier: EarlierReading | undefined,
  signal: AbortSignal | undefined,
): Promise<ReadResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runRead(job, earlier, signal);
    } catch (error) {
      const isRace = error instanceof ContextError && error.code === "file_changed";
      if (!isRace || attempt === ATTEMPTS) throw error;
    }
  }
}
