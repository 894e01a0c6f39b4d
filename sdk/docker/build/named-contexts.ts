import { createHash } from "node:crypto";
import type { UnsupportedEntry } from "../../context/index.ts";
import { DockerOptionError } from "../errors.ts";
import type { SyncedFolder, SyncedFolders } from "../session/filesync/synced-folder.ts";
import { isRemotePath } from "./build-source.ts";

/** What a Dockerfile knows by name beside its context, as the builder is told of it. */
export interface NamedContexts extends SyncedFolders {
  /** Where each comes from, by name, in the words of the Dockerfile frontend (buildkit, frontend/dockerui/namedcontext.go). */
  sources: ReadonlyMap<string, string>;
  /** What their folders hold and no builder is sent. */
  leftOut: readonly UnsupportedEntry[];
}

const IMAGE = "docker-image://";

/**
 * Lists the folders among named contexts, each by its own ignore file.
 *
 * @param contexts folders, images (`docker-image://…`) and URLs, by name
 */
export async function openNamedContexts(
  contexts: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<NamedContexts> {
  const sources = new Map<string, string>();
  const folders = new Map<string, SyncedFolder>();
  const leftOut: UnsupportedEntry[] = [];
  const key = createHash("sha256");
  for (const [name, source] of Object.entries(contexts)) {
    if (source.startsWith(IMAGE) || isRemotePath(source)) {
      sources.set(name, source);
      continue;
    }
    if (/^[a-z][a-z0-9+-]*:\/\//i.test(source)) {
      throw new DockerOptionError(
        "contexts",
        `The context ${name} is ${source}: give a folder, an image (${IMAGE}…), or the URL of a Git repository or archive.`,
      );
    }
    const [{ listContext }, { syncedFolder, sharedKey }] = await Promise.all([
      import("../../context/index.ts"),
      import("./synced-context.ts"),
    ]);
    const tree = await listContext({ dir: source, dockerfile: false, signal });
    const folder = syncedFolder(tree);
    if (folder === undefined) {
      throw new DockerOptionError(
        "contexts",
        `The context ${name} has names that are not UTF-8. Rename or ignore them.`,
      );
    }
    const place = `named-${name}`;
    folders.set(place, folder);
    sources.set(name, `local:${place}`);
    key.update(sharedKey(tree));
    leftOut.push(...tree.unsupported);
  }
  return { sources, folders, sharedKey: folders.size > 0 ? key.digest("hex") : "", leftOut };
}

/** Folders of a context and of named ones, in one session, whose copies have one name. */
export function joinFolders(one: SyncedFolders | undefined, other: SyncedFolders): SyncedFolders | undefined {
  if (one === undefined || other.folders.size === 0) return one ?? (other.folders.size > 0 ? other : undefined);
  return {
    folders: new Map([...one.folders, ...other.folders]),
    sharedKey: createHash("sha256").update(one.sharedKey).update(other.sharedKey).digest("hex"),
  };
}
