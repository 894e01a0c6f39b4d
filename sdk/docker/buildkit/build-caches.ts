import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { BuildCacheError, DockerOptionError } from "../errors.ts";
import { removeForsakenDrafts } from "../session/content/blob-draft.ts";
import type { ContentStore } from "../session/content/content-store.ts";
import { findEntry, putEntry } from "../session/content/layout-index.ts";
import { readWholeManifest } from "../session/content/manifest-blobs.ts";
import { OciLayout } from "../session/content/oci-layout.ts";
import type { BuildCacheSource, BuildCacheTarget } from "./buildkit-options.ts";

type LocalSource = Extract<BuildCacheSource, { type: "local" }>;
type LocalTarget = Extract<BuildCacheTarget, { type: "local" }>;

/** What of a build's options is about its cache. */
export interface CacheOptions {
  cacheFrom: readonly BuildCacheSource[];
  cacheTo: readonly BuildCacheTarget[];
}

/** One cache, as a solve request says it. */
export interface CacheEntry {
  type: string;
  attrs: Readonly<Record<string, string>>;
}

/** Where a build's cache comes from and goes to. */
export interface BuildCaches extends AsyncDisposable {
  imports: CacheEntry[];
  exports: CacheEntry[];
  /** The folders among them, by the names that the request has for them. */
  stores: ReadonlyMap<string, ContentStore>;
  /** Folders that have no cache for this build. */
  warnings: readonly string[];
  /**
   * Names what the build has written into folders, now that it is whole.
   *
   * @param result what the builder says of the build
   * @throws BuildCacheError
   */
  keep(result: ReadonlyMap<string, string>): Promise<void>;
}

/** What the builder says when it has written a cache (buildkit, cache/remotecache/export.go). */
const EXPORTED = "cache.manifest";
const DEFAULT_TAG = "latest";

/** The image that a source is; `undefined` for a folder. */
export function imageOf(source: BuildCacheSource): string | undefined {
  if (typeof source === "string") return source;
  return source.type === "registry" ? source.ref : undefined;
}

/**
 * Opens the folders of a build's caches. One to read that is not there, or holds no whole cache, is a warning: the first
 * build has none, and a build without a cache is slower and otherwise the same.
 *
 * @throws DockerOptionError for a folder that is not an OCI layout
 */
export async function openCaches({ cacheFrom, cacheTo }: CacheOptions, signal: AbortSignal): Promise<BuildCaches> {
  const imports: CacheEntry[] = [];
  const warnings: string[] = [];
  const stores = new Map<string, ContentStore>();
  const targets: { target: LocalTarget; store: ContentStore }[] = [];
  const open = async (option: string, dir: string, isWritable: boolean) => {
    const name = storeName(dir);
    const key = `local:${name}`;
    const known = stores.get(key);
    const layout = known?.layout ?? new OciLayout(resolve(dir));
    await layout.check().catch((cause: unknown) => {
      throw new DockerOptionError(option, `Build option ${option}: ${describe(cause)}.`, cause);
    });
    const store: ContentStore = known?.isWritable
      ? known
      : { layout, isWritable, writes: new Map(), lastWritten: undefined };
    return { name, store, offer: () => stores.set(key, store) };
  };
  for (const target of cacheTo) {
    if (target === "inline" || target.type !== "local") continue;
    const { store, offer } = await open("cacheTo", target.dest, true);
    offer();
    targets.push({ target, store });
  }
  for (const source of cacheFrom) {
    const image = imageOf(source);
    if (image !== undefined) {
      imports.push({ type: "registry", attrs: { ref: image } });
      continue;
    }
    const { src, ...which } = source as LocalSource;
    const { name, store, offer } = await open("cacheFrom", src, false);
    const found = await findCache(store.layout, which);
    if (typeof found === "string") {
      warnings.push(`${found}. The build goes on without the cache in ${src}.`);
      continue;
    }
    offer();
    imports.push({ type: "local", attrs: { src: name, digest: found.digest } });
  }
  return {
    imports,
    exports: cacheTo.map(exportEntry),
    stores,
    warnings,
    async keep(result) {
      if (!result.has(EXPORTED)) return;
      for (const { target, store } of targets) await keepCache(target, store, signal);
    },
    async [Symbol.asyncDispose]() {
      for (const { store } of targets) {
        for (const { draft } of store.writes.values()) await draft[Symbol.asyncDispose]();
        await removeForsakenDrafts(store.layout);
      }
    },
  };
}

function exportEntry(target: BuildCacheTarget): CacheEntry {
  if (target === "inline") return { type: "inline", attrs: {} };
  const { mode = "min", attrs } = target;
  const place: Record<string, string> =
    target.type === "local" ? { dest: storeName(target.dest) } : { ref: target.ref };
  return { type: target.type, attrs: { ...place, mode, ...attrs } };
}

/** A folder by a name that says nothing of this machine: the builder has no use for its path. */
function storeName(dir: string): string {
  return `cache-${createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 16)}`;
}

/** The cache's manifest, or why there is none. */
async function findCache(
  layout: OciLayout,
  { tag = DEFAULT_TAG, digest }: { tag?: string | undefined; digest?: string | undefined },
): Promise<{ digest: string } | string> {
  try {
    const wanted = digest ?? (await findEntry(layout, tag))?.digest;
    if (wanted === undefined) return `${layout.dir} has no cache of the name ${tag}`;
    const whole = await readWholeManifest(layout, wanted);
    return typeof whole === "string" ? `The cache in ${layout.dir} is not whole: ${whole}` : whole;
  } catch (error) {
    return `The cache in ${layout.dir} cannot be read: ${describe(error)}`;
  }
}

/**
 * A builder writes the manifest last. What it reports of it is one of several when there are several targets, and its own
 * word for what it wrote: the folder is asked instead.
 */
async function keepCache(
  target: LocalTarget,
  { layout, lastWritten }: ContentStore,
  signal: AbortSignal,
): Promise<void> {
  try {
    const manifest = lastWritten === undefined ? "nothing was written" : await readWholeManifest(layout, lastWritten);
    if (typeof manifest !== "string") return await putEntry(layout, manifest, target.tag ?? DEFAULT_TAG, signal);
    if (target.attrs?.["ignore-error"] !== "true") throw new Error(manifest);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new BuildCacheError(target.dest, describe(cause), cause);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
