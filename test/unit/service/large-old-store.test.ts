import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { listBuilds } from "../../../service/builds/build-history.ts";
import { BuildLog } from "../../../service/builds/build-log.ts";
import { Database } from "../../../service/store/database.ts";
import { MIGRATIONS } from "../../../service/store/migrations/index.ts";
import { growStore } from "./grown-store.ts";
import { seedBuild } from "./seed-template.ts";

const TEMPLATES = 100;
/** `NULLSPACE_LARGE_STORE=1`: as large as a service keeps, and how long it took; else a tenth of that. */
const isLarge = process.env["NULLSPACE_LARGE_STORE"] === "1";
const BUILDS = isLarge ? 100_000 : 10_000;
const LOG_ROWS = BUILDS * 10;

/** Of a build: `n` counts from 1, in the order in which they were written. */
const id = (n: number) => `tb_${String(n).padStart(10, "0")}`;

describe("a store of before it had an order of its own, with many builds and ten times as many lines of their logs", () => {
  const folder = mkdtempSync(join(tmpdir(), "nullspace-store-"));
  const path = join(folder, "store.db");
  let db: Database;
  afterAll(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  it("is brought up to date, and keeps the order in which it was written, whatever the clock said", () => {
    const before = new Database(
      path,
      MIGRATIONS.filter(({ number }) => number < 13),
    );
    growStore(before, {
      templates: TEMPLATES,
      buildsPerTemplate: BUILDS / TEMPLATES,
      logEntriesPerBuild: LOG_ROWS / BUILDS,
      endedMachines: 1_000,
    });
    // As a clock leaves it that was set back by a year in the middle.
    before.run(
      "UPDATE builds SET created_at = strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '-1 year') WHERE build_id > ?",
      [id(BUILDS / 2)],
    );
    before.close();
    const startMs = performance.now();
    db = new Database(path);
    const tookMs = performance.now() - startMs;
    if (isLarge) console.log(`brought up to date in ${(tookMs / 1000).toFixed(1)} s`);

    expect(db.get("SELECT count(*) AS builds, count(DISTINCT seq) AS numbers, min(seq) AS first FROM builds")).toEqual({
      builds: BUILDS,
      numbers: BUILDS,
      first: 1,
    });
    const disordered = `SELECT count(*) AS count FROM (
      SELECT build_id, lag(build_id) OVER (ORDER BY seq) AS earlier FROM builds) WHERE earlier > build_id`;
    expect(db.get(disordered)).toEqual({ count: 0 });
    for (const table of ["artifacts", "machines"]) {
      const { rows, numbers } = db.get<{ rows: number; numbers: number }>(
        `SELECT count(*) AS rows, count(DISTINCT seq) AS numbers FROM ${table}`,
      )!;
      expect(rows).toBeGreaterThan(900);
      expect(numbers).toBe(rows);
    }
    expect(db.get("SELECT count(*) AS count FROM artifacts WHERE idle_seq IS NULL")).toEqual({ count: 0 });
    expect(db.get("SELECT count(*) AS count FROM log_entries")).toEqual({ count: LOG_ROWS });
  }, 300_000);

  it("goes on from there: pages of history, logs, and a build that comes next", () => {
    const key = 1001;
    const seen: string[] = [];
    for (let cursor: string | undefined; seen.length < 30;) {
      const page = listBuilds(db, key, { limit: 10, ...(cursor !== undefined && { cursor }) }, 1);
      seen.push(...page.builds.map(({ build_id }) => build_id));
      cursor = page.next_cursor ?? undefined;
    }
    const newest = BUILDS - TEMPLATES + 1;
    expect(seen).toEqual(Array.from({ length: 30 }, (_, at) => id(newest - at * TEMPLATES)));
    expect(new BuildLog(db).read(id(BUILDS), 0, 100)).toHaveLength(LOG_ROWS / BUILDS);
    const next = seedBuild(db, "t1", "v-next", "sha256:next");
    expect(listBuilds(db, key, { limit: 1 }, 1).builds).toMatchObject([{ build_id: next.buildId }]);
  });
});
