import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { DataPaths } from "./data-directory.ts";

const Setup = z.object({
  /** What builds and keeps images. */
  builder: z.enum(["engine", "buildkit"]),
  /** Repository of the images; with builders of BuildKit. */
  registry: z.string().optional(),
  machines: z.enum(["docker", "kubernetes"]),
  /** Namespace of the machines; with Kubernetes, where it was named. */
  namespace: z.string().optional(),
});

/** Which parts a service was served with, as its options call them. */
export type Setup = z.infer<typeof Setup>;

/** File of the data folder: each setup once, the latest last. */
const FILE = "setups.json";

/** The file of a data folder that says what it was served with. */
export function setupsPath({ path }: Pick<DataPaths, "path">): string {
  return join(path, FILE);
}

/**
 * The setups that a data folder was served with, the latest last. Commands that look after the folder know by them where to look,
 * and what they were not told of.
 *
 * @returns none when it was never served, or by a version that did not note it
 */
export function readSetups(paths: Pick<DataPaths, "path">): Setup[] {
  try {
    return z.array(Setup).parse(JSON.parse(readFileSync(setupsPath(paths), "utf8")));
  } catch {
    return []; // It helps people to find things; nothing depends on it.
  }
}

/** Notes with what a folder is served. @throws the errors of the file system */
export function noteSetup(paths: Pick<DataPaths, "path">, setup: Setup): void {
  const text = (one: Setup) => JSON.stringify(Setup.parse(one));
  const before = readSetups(paths);
  if (before.length > 0 && text(before.at(-1)!) === text(setup)) return;
  const setups = [...before.filter((one) => text(one) !== text(setup)), setup];
  const file = setupsPath(paths);
  writeFileSync(`${file}.new`, `${JSON.stringify(setups)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
