import { pipeline, Readable } from "node:stream";
import type { BuildContext, ContextTree, UnsupportedEntry } from "../../context/index.ts";
import type { BegunListing } from "../../context/read-context.ts";
import { DockerOptionError } from "../errors.ts";
import type { SyncedFolders } from "../session/filesync/synced-folder.ts";
import type { CheckedBuildOptions } from "./check-build-options.ts";
import { nameInFolder } from "./dockerfile-name.ts";
import { foldersToCome } from "./folders-to-come.ts";
import type { ListedContext } from "./listed-context.ts";
import type { SyncedContext } from "./synced-context.ts";

/** What a build is sent, or told to fetch. */
export interface BuildSource {
  /** The tar archive, in `encoding`. Exclusive with `remote`. */
  body?: Readable;
  /** URL that the engine fetches itself. */
  remote?: string;
  /** Folders that BuildKit fetches through the session. Exclusive with `body` and `remote`. */
  synced?: SyncedContext;
  encoding?: string;
  /** Path of the Dockerfile in the archive, when it is not `Dockerfile`. */
  dockerfile?: string;
  /** Text of the Dockerfile, when it is known here: errors then name the line. */
  dockerfileText?: string;
  /** What a folder holds and no builder is sent: sockets, FIFOs, devices. */
  leftOut?: readonly UnsupportedEntry[];
}

/** A folder that is not listed yet. */
export interface FolderToCome {
  /** Name of its Dockerfile. */
  readonly dockerfile: string;
  readonly folders: SyncedFolders;
}

type OnFolder = (folder: FolderToCome) => Promise<void>;

/** Addresses that docker-py and the Docker command line leave to the engine to fetch. */
const REMOTE = /^(?:https?:\/\/|git:\/\/|github\.com\/|git@)/;
const DEFAULT_DOCKERFILE = "Dockerfile";
/** A Dockerfile is a page or two; what is larger was not meant as one. */
const MAX_DOCKERFILE_BYTES = 4 * 1024 * 1024;

/** Whether a path is an address that the engine fetches. */
export function isRemotePath(path: string): boolean {
  return REMOTE.test(path);
}

/**
 * Opens what is to be built. The caller reads `body` to its end or destroys it.
 *
 * @param canSync whether the builder can fetch a folder through a session, which spares it what it has from the last time
 * @param onFolder told of a folder that will most likely be fetched so, and waited for, before it is listed
 */
export async function openBuildSource(
  options: CheckedBuildOptions,
  signal: AbortSignal,
  canSync = false,
  onFolder?: OnFolder,
): Promise<BuildSource> {
  const source = await openUncompressed(options, signal, canSync, onFolder);
  if (!options.gzip || source.body === undefined) return source;
  const { createGzip } = await import("node:zlib");
  const compressed = createGzip();
  // An error of the source ends the compressed stream with the same error.
  pipeline(source.body, compressed, () => {});
  return { ...source, body: compressed, encoding: "gzip" };
}

async function openUncompressed(
  options: CheckedBuildOptions,
  signal: AbortSignal,
  canSync: boolean,
  onFolder?: OnFolder,
): Promise<BuildSource> {
  const { path, context, fileobj, dockerfile } = options;
  if (path !== undefined && isRemotePath(path)) {
    return { remote: path, ...(dockerfile === undefined ? {} : { dockerfile }) };
  }
  if (path !== undefined) {
    const { beginListing, readContext } = await import("../../context/read-context.ts");
    const given = {
      dir: path,
      ...(dockerfile === undefined ? {} : { dockerfile }),
      ...(options.dockerfileContent === undefined ? {} : { dockerfileContent: options.dockerfileContent }),
      signal,
    };
    if (canSync && !options.gzip) {
      const listed = await offerWhileListing(await beginListing(given), onFolder);
      if (listed) return listed;
    }
    const read = await readContext(given);
    // What is asked to be compressed is an archive, but for that one harm.
    return canSync && hasHiddenFiles(read) ? offerContext(read, signal) : openContext(read, signal);
  }
  if (context !== undefined && isListedContext(context)) return openListedContext(context, signal, canSync);
  if (context !== undefined && isBuildContext(context)) {
    return canSync && hasHiddenFiles(context) ? offerContext(context, signal) : openContext(context, signal);
  }
  const archive = context ?? (options.customContext ? fileobj : undefined);
  if (archive !== undefined && typeof archive !== "string" && !isBuildContext(archive)) {
    return {
      body: toReadable(archive),
      ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
      ...(dockerfile === undefined ? {} : { dockerfile }),
    };
  }
  return openDockerfile(fileobj ?? "", dockerfile ?? DEFAULT_DOCKERFILE);
}

async function openListedContext(context: ListedContext, signal: AbortSignal, canSync: boolean): Promise<BuildSource> {
  const { dockerfileText } = context;
  if (!canSync) return { ...context.archive(signal), dockerfileText };
  const { syncListedContext } = await import("./listed-context.ts");
  const synced = syncListedContext(context);
  return { synced, dockerfile: synced.dockerfile, dockerfileText };
}

function isListedContext(value: object): value is ListedContext {
  return "archive" in value && "dockerfileText" in value;
}

/** In an archive they lie among the files, and BuildKit, which reads no ignore file of an archive, copies them. */
function hasHiddenFiles({ dockerfile, hidden }: BuildContext): boolean {
  return dockerfile?.isInContext === false || hidden.size > 0;
}

/** As folders for the builder to fetch, where they can be. */
async function offerContext(context: BuildContext, signal: AbortSignal): Promise<BuildSource> {
  return (await offeredContext(context)) ?? openContext(context, signal);
}

async function offerWhileListing(
  { root, dockerfilePath, list }: BegunListing,
  onFolder: OnFolder | undefined,
): Promise<BuildSource | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<SyncedContext>();
  // Nobody may have asked for it.
  promise.catch(() => {});
  if (dockerfilePath !== undefined) {
    await onFolder?.({ dockerfile: nameInFolder(dockerfilePath), folders: foldersToCome(root, promise) });
  }
  try {
    const source = await offeredContext(await list());
    // One that cannot be fetched so is not asked for any more.
    if (source?.synced) resolve(source.synced);
    return source;
  } catch (error) {
    reject(error);
    throw error;
  }
}

async function offeredContext(context: ContextTree): Promise<BuildSource | undefined> {
  const synced = await (await import("./synced-context.ts")).syncedContext(context);
  if (synced === undefined) return undefined;
  const { dockerfile, dockerfileText } = synced;
  return { synced, dockerfile, dockerfileText, leftOut: context.unsupported };
}

async function openContext(context: BuildContext, signal: AbortSignal): Promise<BuildSource> {
  const { tarContext } = await import("../../context/index.ts");
  const { dockerfile } = context;
  return {
    body: tarContext(context, { signal }),
    leftOut: context.unsupported,
    ...(dockerfile === undefined ? {} : { dockerfile: dockerfile.path, dockerfileText: dockerfile.content }),
  };
}

/** A context that holds a Dockerfile and nothing else. */
async function openDockerfile(
  fileobj: NonNullable<CheckedBuildOptions["fileobj"]>,
  name: string,
): Promise<BuildSource> {
  const content = typeof fileobj === "string" ? Buffer.from(fileobj) : await readDockerfile(fileobj);
  const { default: tar } = await import("tar-stream");
  const archive = tar.pack();
  archive.entry({ name, mode: 0o644, mtime: new Date(0) }, content);
  archive.finalize();
  return {
    body: Readable.from(archive),
    ...(name === DEFAULT_DOCKERFILE ? {} : { dockerfile: name }),
    dockerfileText: content.toString("utf8"),
  };
}

async function readDockerfile(stream: Uint8Array | AsyncIterable<Uint8Array>): Promise<Buffer> {
  if (stream instanceof Uint8Array) return Buffer.from(stream);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_DOCKERFILE_BYTES) {
      throw new DockerOptionError(
        "fileobj",
        `Build option fileobj holds more than ${MAX_DOCKERFILE_BYTES} bytes, too much for a Dockerfile. For an archive, set customContext.`,
      );
    }
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

function isBuildContext(value: object): value is BuildContext {
  return "entries" in value && "hash" in value && !(Symbol.asyncIterator in value);
}

function toReadable(archive: Readable | Uint8Array | AsyncIterable<Uint8Array>): Readable {
  if (archive instanceof Readable) return archive;
  // Bytes are given in one piece: iterating them would give numbers.
  return Readable.from(archive instanceof Uint8Array ? [archive] : archive, { objectMode: false });
}
