import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { DataPaths } from "./data-directory.ts";

const NetworkProof = z.object({
  /** Address of the API server. */
  server: z.string(),
  /** Of the machines. */
  namespace: z.string(),
  state: z.enum(["enforced", "unenforced", "unproven"]),
  /** Why it is not `enforced`. */
  reason: z.string().optional(),
  /** When it was tried. */
  at: z.iso.datetime(),
});

/** What a service found out, when it tried last, about whether the network of its cluster keeps machines apart. */
export type NetworkProof = z.infer<typeof NetworkProof>;

/** File of the data folder. */
const FILE = "network-proof.json";

/** @returns `undefined` when it was never tried, or by a version that did not note it */
export function readNetworkProof({ path }: Pick<DataPaths, "path">): NetworkProof | undefined {
  try {
    return NetworkProof.parse(JSON.parse(readFileSync(join(path, FILE), "utf8")));
  } catch {
    return undefined; // It is for people to read; nothing depends on it.
  }
}

/** Notes what came of a try. @throws the errors of the file system */
export function noteNetworkProof({ path }: Pick<DataPaths, "path">, proof: NetworkProof): void {
  const file = join(path, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(proof)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
