import type { TreeRoot } from "../../context/index.ts";
import type { SyncedFolder, SyncedFolders } from "../session/filesync/synced-folder.ts";
import { folderKey } from "./folder-key.ts";

/**
 * The folders of a context that is still to be listed: BuildKit may ask for them before, and waits. The name of the copies is
 * right if the context turns out to have no file but such as have fine times.
 */
export function foldersToCome(root: TreeRoot, context: Promise<SyncedFolders>): SyncedFolders {
  const folder = (name: string): [string, SyncedFolder] => [
    name,
    { list: async (query) => (await context).folders.get(name)!.list(query) },
  ];
  return { folders: new Map([folder("context"), folder("dockerfile")]), sharedKey: folderKey(root).digest("hex") };
}
