import { isAbsolute, join } from "node:path";

/** Names a folder to keep the cache in, or is `off`. */
const VARIABLE = "NULLSPACE_STAT_CACHE";

/**
 * Where the stat cache of this user is kept: `NULLSPACE_STAT_CACHE` (a folder, or `off`), else `pulumi-nullspace/stat` in the
 * system's folder for caches.
 *
 * @returns `undefined` when it is off, and for a user who has no such folder
 * @example
 * ```ts
 * const folder = await userStatCache();
 * const context = await readContext({ dir: "./app", statCache: folder === undefined ? true : { folder } });
 * ```
 */
export async function userStatCache(): Promise<string | undefined> {
  const given = process.env[VARIABLE];
  if (given === "off") return undefined;
  if (given !== undefined && given !== "") return given;
  try {
    // Asks for the user's home, and throws where there is none, as in a container that runs as a number.
    const { default: envPaths } = await import("env-paths");
    const { cache } = envPaths("pulumi-nullspace", { suffix: "" });
    return isAbsolute(cache) ? join(cache, "stat") : undefined;
  } catch {
    return undefined;
  }
}
