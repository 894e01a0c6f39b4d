import { expect, it } from "vitest";
import { listKeys } from "../../../../service/page/views/keys.ts";
import { auditTrail } from "../../../../service/page/views/audit.ts";
import { listMachines } from "../../../../service/page/views/machines.ts";
import { overview } from "../../../../service/page/views/overview.ts";
import { poolDetails } from "../../../../service/page/views/pool.ts";
import { listPools } from "../../../../service/page/views/pools.ts";
import { Database, type Binds, type Row } from "../../../../service/store/database.ts";
import { growPools, type FleetGrowth } from "../grown-pools.ts";
import { growStore } from "../grown-store.ts";

/** A store that notes what it is asked, and how many rows it answered. */
class WatchedStore extends Database {
  asked: { sql: string; binds: Binds; rows: number }[] = [];

  constructor(growth: FleetGrowth) {
    super(":memory:");
    growStore(this, { templates: 1, buildsPerTemplate: 1, logEntriesPerBuild: 0 });
    growPools(this, growth);
  }

  override all<T extends object = Row>(sql: string, binds: Binds = []): T[] {
    const rows = super.all<T>(sql, binds);
    this.asked?.push({ sql, binds, rows: rows.length });
    return rows;
  }

  override get<T extends object = Row>(sql: string, binds: Binds = []): T | undefined {
    this.asked?.push({ sql, binds, rows: 1 });
    return super.get<T>(sql, binds);
  }

  watch(work: (db: Database) => unknown) {
    this.asked = [];
    work(this);
    const { asked } = this;
    return {
      statements: asked.length,
      rows: asked.reduce((sum, { rows }) => sum + rows, 0),
      plan: asked.flatMap(({ sql, binds }) =>
        super.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, binds).map(({ detail }) => detail),
      ),
    };
  }
}

const few = new WatchedStore({ pools: 100, membersPerPool: 2, machines: 200, events: 5_000 });
const many = new WatchedStore({ pools: 1_000, membersPerPool: 2, machines: 10_000, events: 100_000 });
const places = [{ title: "Docker Engine", host: "x", isUp: true }];
const disk = { freeBytes: 1, totalBytes: 1 };

const VIEWS: Record<string, (db: Database) => unknown> = {
  "the overview": (db) => overview(db, { places, disk }),
  "a page of pools": (db) => listPools(db, { after: "60" }),
  "pools with a name": (db) => listPools(db, { search: "p100" }),
  "a pool": (db) => poolDetails(db, "twp_50", { nowMs: 1_000_000_000 }),
  "a page of machines": (db) => listMachines(db, { state: "destroyed", after: "150" }),
  "the audit trail": (db) => auditTrail(db, { after: "4000" }),
  "the audit trail of a kind": (db) => auditTrail(db, { kind: "machine_claimed", after: "4000" }),
  "the audit trail of a kind that is rare": (db) => auditTrail(db, { kind: "pool_updated" }),
  "the audit trail of a thing": (db) => auditTrail(db, { subject: "mch_70" }),
  "the audit trail of a key": (db) => auditTrail(db, { key: "ci", after: "4000" }),
  "the audit trail of a key that did little": (db) => auditTrail(db, { key: "nobody" }),
  "the audit trail of a key and a kind": (db) => auditTrail(db, { key: "ci", kind: "machine_claimed", after: "4000" }),
  keys: (db) => listKeys(db, { keyId: null, name: "x" }, {}),
};

it.each(Object.entries(VIEWS))("%s: the work is that of what is shown, however much there is", (_name, view) => {
  const [first, second] = [few.watch(view), many.watch(view)];
  expect(second.statements).toBe(first.statements);
  expect(second.rows).toBeLessThanOrEqual(first.rows + 5);
  const scans = second.plan.filter((step) => step.startsWith("SCAN ") && /audit_events|guests|machines\b/.test(step));
  // How many machines are in each state is counted along an index that has nothing else in it.
  expect(scans.filter((step) => !step.includes("machines USING COVERING INDEX machines_by_status"))).toEqual([]);
});

it("shows all pools, each once, page by page, with what each of them has", () => {
  const seen: string[] = [];
  for (let after: string | undefined; ;) {
    const page = listPools(many, { after });
    for (const line of page.items) expect(line).toMatchObject({ ready: 2, warming: 0, claimed: 0, isShort: false });
    seen.push(...page.items.map(({ name }) => name));
    if (page.next === undefined) break;
    after = page.next;
  }
  expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => `p${1_000 - n}`));
});

it("finds every record of a key, whatever its kinds are, in the order of all", () => {
  const seen: number[] = [];
  for (let after: string | undefined; ;) {
    const page = auditTrail(few, { key: "ci", after });
    seen.push(...page.items.map(({ eventId }) => eventId));
    if (page.next === undefined) break;
    after = page.next;
  }
  const wanted = few.all<{ id: number }>("SELECT event_id AS id FROM audit_events WHERE actor = 'ci' ORDER BY id DESC");
  expect(seen).toEqual(wanted.map(({ id }) => id));
});

it("says of pools below their floor how many there are, and names the newest", () => {
  many.run("DELETE FROM guests WHERE pool_id IN ('twp_3', 'twp_900') OR guest_id LIKE 'gst_7__2'");
  const view = overview(many, { places, disk });
  expect(view.shortPoolCount).toBe(12);
  expect(view.shortPools.map(({ id, ready, floor }) => [id, ready, floor]).slice(0, 2)).toEqual([
    ["twp_900", 0, 2],
    ["twp_79", 1, 2],
  ]);
});
