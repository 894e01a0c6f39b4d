import { expect, it } from "vitest";
import { listBuilds } from "../../../service/builds/build-history.ts";
import { BuildLog } from "../../../service/builds/build-log.ts";
import { poolTagFollowers } from "../../../service/fleet/pools/tag-followers.ts";
import { Database, type Binds, type Row } from "../../../service/store/database.ts";
import { GuestStore } from "../../../service/store/guests.ts";
import { MachineStore } from "../../../service/store/machines.ts";
import { PoolStore } from "../../../service/store/warm-pools.ts";
import { listAliases } from "../../../service/templates/aliases.ts";
import { listTemplates } from "../../../service/templates/list-templates.ts";
import { resolveTemplate } from "../../../service/templates/resolve.ts";
import { listTagMoves } from "../../../service/templates/tag-moves.ts";
import { listTags } from "../../../service/templates/tags.ts";
import { describeRef } from "../../../service/templates/template-view.ts";
import { buildsUnderWay, countUnderWay, failedLast, readyBefore } from "../../../service/store/build-lists.ts";
import { standingTagMoves } from "../../../service/store/tag-moves.ts";
import { logWindow } from "../../../service/page/views/build-log.ts";
import { tagHistory } from "../../../service/page/views/tags.ts";
import { listTemplates as pageOfTemplates, templateDetails } from "../../../service/page/views/templates.ts";
import { growStore, type Growth } from "./grown-store.ts";

/** A store that notes what it is asked. */
class WatchedStore extends Database {
  asked: { sql: string; binds: Binds }[] = [];

  constructor(growth: Growth) {
    super(":memory:");
    growStore(this, growth);
    this.asked = [];
  }

  override all<T extends object = Row>(sql: string, binds: Binds = []): T[] {
    this.note(sql, binds);
    return super.all<T>(sql, binds);
  }

  override get<T extends object = Row>(sql: string, binds: Binds = []): T | undefined {
    this.note(sql, binds);
    return super.get<T>(sql, binds);
  }

  private note(sql: string, binds: Binds): void {
    // Not yet there while the store is being opened.
    (this.asked as typeof this.asked | undefined)?.push({ sql, binds });
  }

  /** What one call asks for, and how SQLite goes about it. */
  watch(work: (db: Database) => unknown): { statements: number; plan: string[] } {
    this.asked = [];
    work(this);
    const { asked } = this;
    const plan = asked.flatMap(({ sql, binds }) =>
      super
        .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, binds)
        .map(({ detail }) => detail)
        // The tags of one build are sorted, wherever they are shown.
        .filter((step) => !(step.startsWith("USE TEMP B-TREE") && sql.includes("FROM tags WHERE build_id"))),
    );
    return { statements: asked.length, plan };
  }
}

const GROWTH = { templates: 20, logEntriesPerBuild: 3, endedMachines: 200 };
const young = new WatchedStore({ ...GROWTH, buildsPerTemplate: 20 });
const old = new WatchedStore({ ...GROWTH, buildsPerTemplate: 60 });

const page = (filter: object) => (db: Database) => {
  const first = listBuilds(db, 1001, { limit: 3, ...filter }, 1);
  return listBuilds(db, 1001, { limit: 3, ...filter, cursor: first.next_cursor! }, 1);
};
const machines = (filter: object) => (db: Database) =>
  new MachineStore(db).list({ statuses: ["running"], limit: 10, ...filter });

const CALLS: Record<string, (db: Database) => unknown> = {
  "all templates": listTemplates,
  "a bare name": (db) => describeRef(db, "t1"),
  "a bare name with the tag latest": (db) => describeRef(db, "local/t2"),
  "a build": (db) => resolveTemplate(db, `t1:${resolveTemplate(db, "t1").buildId}`),
  "builds of a template": page({}),
  "builds of a status": page({ status: "ready" }),
  "builds of all templates": (db) => listBuilds(db, undefined, { limit: 3 }, 1),
  "open builds of all templates": (db) => listBuilds(db, undefined, { limit: 3, status: "waiting" }, 1),
  "builds of a backend and kind": page({ backend: "native", source_type: "declarative" }),
  tags: (db) => listTags(db, "t1"),
  "moves of a tag": (db) => listTagMoves(db, "t1", { tag: "latest", limit: 3 }),
  aliases: (db) => listAliases(db, "t1"),
  "machines that run": machines({}),
  "machines that have ended": machines({ statuses: ["destroyed", "error"], before: 100 }),
  "machines that have a deadline": (db) => new MachineStore(db).timed(),
  "how many machines live": (db) => new MachineStore(db).countLive(),
  "machines to forget": (db) =>
    db.all("SELECT machine_id FROM machines WHERE ended_at_ms < ? AND status IN ('destroyed', 'error')", [5]),
  pools: (db) => new PoolStore(db).list(["enabled", "disabled", "draining"]),
  "members of a pool": (db) => new GuestStore(db).members("twp_1"),
  "members that can be claimed": (db) => new GuestStore(db).ready(),
  "guests of a pool": (db) => new GuestStore(db).ofPool("twp_1"),
  "how many guests pools have": (db) => new GuestStore(db).tallies(["twp_1", "twp_2"]),
  "what follows a tag": (db) => poolTagFollowers(db, { tags: ["v1", "latest"] }),
  "what follows a name": (db) => poolTagFollowers(db, { name: "t1" }),
  "what failed last": (db) => failedLast(db, 3),
  "what is being built": (db) => [buildsUnderWay(db, 3), countUnderWay(db)],
  "what went live last": (db) => standingTagMoves(db, 3),
  "the ready build before one": (db) => readyBefore(db, 1001, "tb_0000000141"),
  "a page of templates": (db) => pageOfTemplates(db, { after: "local/t1" }),
  "a page of templates with a name": (db) => pageOfTemplates(db, { search: "t1" }),
  "a template's page": (db) => templateDetails(db, { namespace: "local", name: "t1" }, {}),
  "a template's page of failures": (db) =>
    templateDetails(db, { namespace: "local", name: "t10" }, { status: "error", after: "300" }),
  "a tag's page": (db) => tagHistory(db, { namespace: "local", name: "t2" }, "latest", { after: "100" }),
  "the end of a log": (db) => logWindow(db, "tb_0000000090", { limit: 2 }),
  "a page of a log": (db) => new BuildLog(db).read("tb_0000000090", 1, 1),
};

it.each(Object.entries(CALLS))("%s: the work is that of what is returned", (name, call) => {
  const [first, second] = [young.watch(call), old.watch(call)];
  expect(second.statements).toBe(first.statements);
  // Templates are what their list returns, pools are few; lists in JSON are what was asked for.
  // The indexes of what failed and of moves are read from their end until enough was found; the subquery has a limit.
  const scans = second.plan.filter(
    (step) =>
      /^SCAN /.test(step) &&
      !/USING INDEX (?:builds_failed|audit_events_of_tags)$|^SCAN \(subquery-1\)$/.test(step) &&
      !/VIRTUAL TABLE|json_each|templates|warm_pools|CONSTANT ROW|^SCAN t\b/.test(step),
  );
  expect(scans).toEqual([]);
  const sorts = second.plan.filter((step) => step.startsWith("USE TEMP B-TREE"));
  // Each of these sorts what it returns, and nothing else.
  const mayNotSort = ![
    "all templates",
    "aliases",
    "pools",
    "what follows a tag",
    "what follows a name",
    "members of a pool",
    "members that can be claimed",
    "guests of a pool",
    "how many guests pools have",
    "machines that have a deadline",
    // Few at any time, of which a page is sorted.
    "open builds of all templates",
    "what is being built",
    "a page of templates",
    "a page of templates with a name",
    "a template's page",
    "a template's page of failures",
  ].includes(name);
  if (mayNotSort) expect(sorts).toEqual([]);
});

it("a bare name is found among builds whose artifacts have gone, and the list says the same", () => {
  const listed = listTemplates(old);
  expect(listed).toHaveLength(20);
  for (const info of listed) expect(info).toEqual(describeRef(old, info.canonical_ref));
  expect(listed.find(({ name }) => name === "t1")).toMatchObject({ id: "tmpl_0000001181", tags: ["v1181"] });
});
