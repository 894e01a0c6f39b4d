/**
 * What the local service costs, beside the docker command on the same engine, in one run, in turns.
 *
 *   npm run bench:service [-- rounds [part…]]
 *
 * Parts: `contexts` (large ones), `fleet` (claims, starts, refills), `store` (lists of one that has seen years). Default: all, 3 rounds, after one that does not count.
 * Measure on an idle machine.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBenchService } from "./bench-service.ts";
import { benchContexts } from "./service/contexts.ts";
import { benchFleet } from "./service/fleet.ts";
import type { BenchOptions } from "./service/rows.ts";
import { reportStore } from "./service/store.ts";

const PARTS: Record<string, (env: Record<string, string>, options: BenchOptions) => Promise<void>> = {
  contexts: benchContexts,
  fleet: benchFleet,
  store: reportStore,
};

const [rounds = "3", ...wanted] = process.argv.slice(2);
const { NULLSPACE_BASE_IMAGE: base, NULLSPACE_DOCKER_BUILDKIT_CLI: docker } = process.env;
if (!base || !docker) throw new Error("Run it as npm run bench:service: it needs what set-up makes.");
const parts = wanted.length > 0 ? wanted : Object.keys(PARTS);
const unknown = parts.filter((part) => PARTS[part] === undefined);
if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(", ")}; choose from ${Object.keys(PARTS)}.`);

const folder = mkdtempSync(join(tmpdir(), "nullspace-bench-"));
const service = await startBenchService(folder, base);
try {
  for (const part of parts) await PARTS[part]!(service.env, { base, docker, rounds: Number(rounds), folder });
} finally {
  await service.stop();
  rmSync(folder, { recursive: true });
}
