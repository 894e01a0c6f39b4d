/**
 * Kills the local service at random moments, many times: `npm run faults -- [kills] [seed]`; and a quarter as often does
 * every other fault of `test/faults/` to it.
 *
 * The tests do so a few times, with one seed. Prints what vitest prints, and last a table of what was acknowledged, lost,
 * doubled and left over; the exit code is 0 when nothing was.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [kills = "200", seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
if (!(Number(kills) > 0) || !Number.isSafeInteger(Number(kills)) || !Number.isSafeInteger(Number(seed))) {
  console.error("usage: npm run faults -- [kills] [seed]");
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "nullspace-faults-"));
const counts = join(folder, "counts");
const vitest = join("node_modules", "vitest", "vitest.mjs");
const child = spawn(process.execPath, [vitest, "run", "--project", "faults"], {
  env: {
    ...process.env,
    NULLSPACE_FAULTS_KILLS: kills,
    NULLSPACE_FAULTS_SEED: seed,
    NULLSPACE_FAULTS_COUNTS: counts,
  },
  stdio: "inherit",
});
const [code] = (await once(child, "exit")) as [number | null];
const rows = existsSync(counts) ? readFileSync(counts, "utf8").trimEnd().split("\n") : [];
rmSync(folder, { recursive: true });
console.log(`seed ${seed}`);
console.table(rows.map((row) => JSON.parse(row) as object));
process.exitCode = code ?? 1;
