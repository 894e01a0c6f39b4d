import { rmSync } from "node:fs";
import type { Logger } from "pino";
import { readOldKey, type DataPaths } from "../data-directory.ts";
import { digestOf, type ApiKeyStore } from "../store/api-keys.ts";
import type { Database } from "../store/database.ts";
import { newKey } from "./key-ring.ts";

/** Name of the key that the first start makes, and of the one that an earlier version left. */
export const FIRST_KEY_NAME = "local";

/**
 * Takes over the key that an earlier version kept in the folder in the clear: it stays good, and only its digest is kept.
 *
 * @returns the key, which nobody can read any more after {@link forgetOldKey}; `undefined` when there is none
 */
export function takeOverOldKey(paths: DataPaths, store: ApiKeyStore): string | undefined {
  const key = readOldKey(paths);
  if (key === undefined) return undefined;
  const digest = digestOf(key);
  const live = store.live();
  if (live.some((each) => digest.equals(each.digest))) return key;
  const taken = new Set(live.map(({ name }) => name));
  let name = FIRST_KEY_NAME;
  for (let n = 2; taken.has(name); n++) name = `${FIRST_KEY_NAME}-${n}`;
  store.add(name, key);
  return key;
}

/** Removes the file of the key that was taken over. */
export function forgetOldKey({ oldKeyPath }: DataPaths, db: Database, log: Logger): void {
  // What was written about the key is on the disk, whatever happens, before the key itself goes.
  db.foldLog();
  rmSync(oldKeyPath, { force: true });
  log.warn({ file: oldKeyPath }, "the key of this file stays valid, but is kept as a digest only; the file is removed");
}

/** Makes the key of a folder that has never had one. @returns it, to be shown this once; `undefined` when it has had some */
export function makeFirstKey(store: ApiKeyStore): string | undefined {
  if (store.list().length > 0) return undefined;
  const key = newKey();
  store.add(FIRST_KEY_NAME, key);
  return key;
}
