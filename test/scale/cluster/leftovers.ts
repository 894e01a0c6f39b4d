import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { identify, isRunning } from "../../../scripts/setup/process-identity.mjs";
import { readJson } from "../../../scripts/setup/tool-cache.mjs";
import { FOLDER_PREFIX } from "./folder.ts";
import { removeNodeTraces } from "./node-traces.ts";

/** A folder without an owner is just being made, unless it is older. */
const UNOWNED_AFTER_MS = 10 * 60_000;

/** Notes that the cluster in this folder is this process's. */
export async function noteOwner(folder: string): Promise<void> {
  await writeFile(join(folder, "owner.json"), JSON.stringify(identify(process.pid)));
}

/** Takes away what is left of clusters whose owner was killed. */
export async function sweepClusters(): Promise<void> {
  const [parent, prefix] = [dirname(FOLDER_PREFIX), basename(FOLDER_PREFIX)];
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(parent, name);
    if (!(await isAbandoned(folder))) continue;
    await removeNodeTraces(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  const owner: unknown = readJson(join(folder, "owner.json"));
  if (owner !== undefined) return !isRunning(owner);
  try {
    const { mtimeMs } = await stat(folder);
    return Date.now() - mtimeMs > UNOWNED_AFTER_MS;
  } catch {
    return false; // It went between the two looks.
  }
}
