import { Readable } from "node:stream";
import { check, like, listOf, object, options as optionsOf } from "../arguments/index.ts";
import type { BuildContext, ContextEntry } from "../context/index.ts";
import { inSpan } from "../tracing/index.ts";
import type { ContextFile } from "../wire/blob.ts";
import { UnsupportedEntryError } from "./errors.ts";
import type { NullspaceClient } from "./client.ts";
import type { ReadTogether, UploadEntry } from "./upload-entry.ts";
import { UPLOAD_MEMBERS, uploadFiles, type UploadOptions } from "./upload-files.ts";

/** An entry of a context under the path at which a build is to see it. */
export interface ContextPlace {
  entry: ContextEntry;
  /** Path in the context that the build sees. */
  path: string;
  /**
   * Sent although the service has it.
   *
   * @default false
   */
  forceUpload?: boolean;
}

const WITH_BLOBS = like("a NullspaceClient", ({ blobs }) => object.accepts(blobs));
const CONTEXT = like("a BuildContext", ({ table, each }) => object.accepts(table) && typeof each === "function");
const PLACES = listOf(
  like("an entry and its path", ({ entry, path }) => object.accepts(entry) && typeof path === "string"),
  "places",
);
const UPLOAD = optionsOf<UploadOptions & { places: unknown }>({ ...UPLOAD_MEMBERS, places: PLACES });

/**
 * Gets the service to have every file of a build context: asks by digest what it lacks, and uploads only that. After a
 * failure call it again: what has arrived is not sent twice.
 *
 * @returns the entries to put into a build request's `build_context`
 * @throws UnsupportedEntryError for a symbolic link, before anything is sent: the service has no form for one
 * @example
 * ```ts
 * import { readContext } from "pulumi-nullspace/context";
 *
 * await using client = new NullspaceClient();
 * const context = await readContext({ dir: "./app", symlinks: "copy" });
 * const files = await uploadContext(client, context, { onProgress: ({ path, state }) => console.log(state, path) });
 * await client.builds.start({ name: "web", dockerfile_content: context.dockerfile!.content, build_context: { files } });
 * ```
 */
export async function uploadContext(
  client: Pick<NullspaceClient, "blobs">,
  context: BuildContext,
  options: UploadOptions & {
    /**
     * Which entries the build is to see, and where; one may stand in several places.
     *
     * @default every one that a `COPY` may see, at its own path
     */
    places?: readonly ContextPlace[];
  } = {},
): Promise<ContextFile[]> {
  check("uploadContext", { client: WITH_BLOBS, context: CONTEXT, options: UPLOAD }, { client, context, options });
  const { places, ...upload } = options;
  const all = places ?? context.visibleEntries.map((entry): ContextPlace => ({ entry, path: entry.path }));
  const readTogether = readerOf(context, all);
  const entries = all.map((place) => uploadEntry(context, place, readTogether));
  const attributes = { "nullspace.context.entries": entries.length };
  return inSpan("upload context", { attributes }, () => uploadFiles(client.blobs, entries, upload));
}

/** Reads small files of the context in its worker threads, many in one go. */
function readerOf(context: BuildContext, places: readonly ContextPlace[]): ReadTogether {
  const entries = new Map(places.map(({ path, entry }) => [path, entry.path]));
  return async (files, signal) => {
    const { readContextPaths } = await import("../context/index.ts");
    const paths = files.map(({ path }) => entries.get(path)!);
    return readContextPaths(context, paths, signal === undefined ? {} : { signal });
  };
}

function uploadEntry(
  context: BuildContext,
  { entry, path, forceUpload }: ContextPlace,
  readTogether: ReadTogether,
): UploadEntry {
  const { type, mode } = entry;
  if (type === "dir") return { type, path, mode };
  if (type === "symlink" || entry.sha256 === undefined) throw new UnsupportedEntryError(entry.path, type);
  return {
    type: "file",
    path,
    mode,
    sizeBytes: entry.size,
    sha256: entry.sha256,
    ...(forceUpload === true && { forceUpload }),
    open: () => Readable.from(readEntry(context, entry.path), { objectMode: false }),
    readTogether,
  };
}

/** Whoever has a context has loaded its floor; whoever has none does not pay for it. */
async function* readEntry(context: BuildContext, path: string): AsyncGenerator<Uint8Array> {
  const { openContextFile } = await import("../context/index.ts");
  yield* openContextFile(context, path) as AsyncIterable<Uint8Array>;
}
