import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** Version of the store that is there; 0 when there is none, or none that can be read. */
export function storeVersion(path: string): number {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return 0;
  const handle = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    return Number(handle.prepare("PRAGMA user_version").get()?.user_version ?? 0);
  } finally {
    handle.close();
  }
}
