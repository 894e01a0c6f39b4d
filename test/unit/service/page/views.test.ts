import fc from "fast-check";
import { Redactor } from "pulumi-nullspace/secrets";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findInLog, LOG_LINES, logLine, logText, logWindow } from "../../../../service/page/views/build-log.ts";
import { BuildSteps } from "../../../../service/page/views/build-steps.ts";
import { compareBuilds, diffLines, MOST_FILES } from "../../../../service/page/views/compare.ts";
import { machineRedactor } from "../../../../service/page/views/machine.ts";
import { plannedMove, tagHistory } from "../../../../service/page/views/tags.ts";
import { listTemplates, templateDetails } from "../../../../service/page/views/templates.ts";
import { isSecretName, isSecretVariable, saidText } from "../../../../service/page/views/told-secrets.ts";
import { Database } from "../../../../service/store/database.ts";
import { assignTags } from "../../../../service/templates/tags.ts";
import { renameTemplate } from "../../../../service/templates/rename.ts";
import { growStore } from "../grown-store.ts";
import { TemplateStore } from "../template-store.ts";

const signal = new AbortController().signal;
let store: TemplateStore;

beforeEach(() => {
  store = new TemplateStore();
});
afterEach(() => {
  store[Symbol.dispose]();
});

describe("a log of 100,000 entries", () => {
  const db = new Database(":memory:");
  growStore(db, { templates: 1, buildsPerTemplate: 1, logEntriesPerBuild: 100_000 });
  const id = "tb_0000000001";

  it("is shown a window at a time", () => {
    const end = logWindow(db, id, {});
    expect([end.from, end.end, end.lines.length]).toEqual([99_000, 100_000, LOG_LINES]);
    expect(end.lines.at(-1)).toMatchObject({ offset: 99_999, text: "line 100000 of some length, as builds say it" });
    const middle = logWindow(db, id, { from: 500 });
    expect([middle.lines[0]?.offset, middle.lines.at(-1)?.offset]).toEqual([500, 1_499]);
    // Behind the end is the last entry, not an empty page.
    expect(logWindow(db, id, { from: 1_000_000 }).lines.map(({ offset }) => offset)).toEqual([99_999]);
  });

  it("is searched to its end, a page of what is found at a time", async () => {
    const found: number[] = [];
    let from: number | undefined = 0;
    let pages = 0;
    while (from !== undefined) {
      const page = await findInLog(db, id, { find: "LINE 99", from }, signal);
      expect(page.lines.length).toBeLessThanOrEqual(LOG_LINES);
      found.push(...page.lines.map(({ offset }) => offset));
      from = page.findNext;
      pages += 1;
    }
    expect(pages).toBeGreaterThan(1);
    const wanted = Array.from({ length: 100_000 }, (_, n) => n).filter((n) => String(n + 1).startsWith("99"));
    expect(found).toEqual(wanted);
    await expect(findInLog(db, id, { find: "x" }, AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
  });

  it("is downloaded piece by piece, each entry once", async () => {
    let lines = 0;
    let largest = 0;
    for await (const piece of logText(db, id, signal)) {
      lines += piece.split("\n").length - 1;
      largest = Math.max(largest, piece.length);
    }
    expect(lines).toBe(100_000);
    expect(largest).toBeLessThan(100_000);
  });
});

describe("the list of templates", () => {
  it("comes page by page, each template once, and is searched by names of today and before", async () => {
    const db = new Database(":memory:");
    growStore(db, { templates: 120, buildsPerTemplate: 2, logEntriesPerBuild: 0 });
    const names: string[] = [];
    let after: string | undefined;
    do {
      const page = listTemplates(db, { after });
      names.push(...page.items.map(({ name }) => name));
      after = page.next;
    } while (after !== undefined);
    expect(names).toEqual(Array.from({ length: 120 }, (_, n) => `t${n + 1}`).sort());
    expect(listTemplates(db, { search: "T12" }).items.map(({ name }) => name)).toEqual(["t12", "t120"]);
    expect(listTemplates(db, { search: "%" }).items).toEqual([]);
    expect(() => listTemplates(db, { after: "x" })).toThrow("not a place in the list");
    await store.ready({ name: "old-name" });
    renameTemplate(store.db, "old-name", "site");
    expect(listTemplates(store.db, { search: "OLD" }).items).toMatchObject([
      { name: "site", aliases: ["local/old-name"], tags: [{ tag: "default" }], builds: 1, last: { status: "ready" } },
    ]);
  });

  it("leaves out the tags by which the provider knows its builds", async () => {
    await store.ready({ name: "web", tags: ["pulumi-0123", "dev"] });
    expect(listTemplates(store.db, {}).items[0]?.tags.map(({ tag }) => tag)).toEqual(["dev"]);
    expect(templateDetails(store.db, { namespace: "local", name: "web" }, {}).tags.map(({ tag }) => tag)).toEqual([
      "dev",
    ]);
  });
});

describe("a build's steps", () => {
  it("are told from its log, and a later look reads on where the last one ended", async () => {
    const buildId = await store.accept({ name: "web" });
    const steps = new BuildSteps(store.db);
    const say = (step_index: number, message: string, more = {}) =>
      store.buildLog.append(buildId, {
        kind: "message",
        level: "info",
        phase: "step",
        message,
        step_index,
        total_steps: 3,
        ...more,
      });
    store.db.run("UPDATE builds SET status = 'building' WHERE build_id = ?", [buildId]);
    const hit = { kind: "cache", cache_kind: "layer", cache_status: "hit", cache_subject: "RUN a" } as const;
    say(1, "Layer from cache: RUN a", hit);
    say(2, "RUN b");
    const first = await steps.of(buildId, undefined, signal);
    expect(first.total).toBe(3);
    expect(first.steps.map(({ title, state }) => [title, state])).toEqual([
      ["RUN a", "cached"],
      ["RUN b", "running"],
    ]);
    say(2, "it says");
    say(2, "Layer built: RUN b", { ...hit, cache_status: "miss", cache_subject: "RUN b" });
    say(3, "RUN c");
    store.db.run("UPDATE builds SET status = 'error' WHERE build_id = ?", [buildId]);
    const second = await steps.of(buildId, 3, signal);
    expect(second.steps.map(({ title, state, lines }) => [title, state, lines])).toEqual([
      ["RUN a", "cached", 1],
      ["RUN b", "done", 3],
      ["RUN c", "failed", 1],
    ]);
    expect(second).toEqual(await new BuildSteps(store.db).of(buildId, 3, signal));
  });
});

describe("the difference between two builds", () => {
  it("of lists holds both of them, in their order", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 30 });
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = diffLines(before, after);
        expect(diff.filter(({ kind }) => kind !== "added").map(({ text }) => text)).toEqual(before);
        expect(diff.filter(({ kind }) => kind !== "removed").map(({ text }) => text)).toEqual(after);
        if (before.join() === after.join()) expect(diff.every(({ kind }) => kind === "same")).toBe(true);
      }),
    );
  });

  it("names arguments, steps and files that differ, and never the value of a variable", async () => {
    const files = (count: number, ...more: object[]) => ({
      files: [
        ...Array.from({ length: count }, (_, n) => ({ path: `f${n}`, entry_type: "file", content_base64: "eA==" })),
        ...more,
      ],
    });
    const file = (path: string, text: string) => ({ path, entry_type: "file", content_base64: btoa(text) });
    const dockerfile = (line: string) => `FROM busybox:1\nARG A\nARG MY_TOKEN\n${line}\n`;
    const base = { name: "web", base_image: undefined };
    const one = await store.ready({
      ...base,
      dockerfile: dockerfile("RUN one"),
      build_args: { A: "1", MY_TOKEN: "first-token" },
      runtime_config: { default_envs: { E: "first-value" } },
      build_context: files(MOST_FILES + 3, file("app.js", "1"), file("same", "s")),
    });
    const two = await store.ready({
      ...base,
      dockerfile: dockerfile("RUN two"),
      build_args: { A: "2", MY_TOKEN: "second-token" },
      runtime_config: { default_envs: { E: "second-value", F: "x" } },
      build_config: { vcpus: 4 },
      build_context: files(0, file("app.js", "2"), file("same", "s")),
    });
    const view = await compareBuilds(store as never, { from: one.buildId, to: two.buildId });
    expect(view.instructions?.filter(({ kind }) => kind !== "same")).toEqual([
      { kind: "removed", text: "RUN one" },
      { kind: "added", text: "RUN two" },
    ]);
    expect(view.settings).toEqual([
      { name: "argument A", from: "1", to: "2" },
      { name: "argument MY_TOKEN", from: "[secret]", to: "[secret]" },
      { name: "machine variable E", from: "[secret]", to: "[secret]" },
      { name: "vCPUs", to: "4" },
      { name: "machine variable F", to: "[secret]" },
    ]);
    expect(view.files?.count).toBe(MOST_FILES + 4);
    expect(view.files?.changes).toHaveLength(MOST_FILES);
    expect(view.files?.changes[0]).toEqual({ path: "app.js", kind: "changed" });
    expect(JSON.stringify(view)).not.toMatch(/first-|second-/);
    const other = await store.ready({ name: "other" });
    await expect(compareBuilds(store as never, { from: one.buildId, to: other.buildId })).rejects.toThrow(
      "different templates",
    );
  });
});

describe("a tag's history", () => {
  it("says where it has pointed, and where it could go back to", async () => {
    const [one, two] = [
      await store.ready({ name: "web", tags: ["dev"] }),
      await store.ready({ name: "web", tags: ["dev"] }),
    ];
    for (const { buildId } of [one, two, one]) assignTags(store.db, `web:${buildId}`, ["prod"]);
    const web = { namespace: "local", name: "web" };
    const view = tagHistory(store.db, web, "prod", {});
    expect(view.now?.buildId).toBe(one.buildId);
    expect(view.moves.items.map(({ from, to, canReturn }) => [from, to, canReturn])).toEqual([
      [two.buildId, one.buildId, false],
      [one.buildId, two.buildId, true],
      [undefined, one.buildId, false],
    ]);
    expect(plannedMove(store.db, web, "prod", two.buildId)).toMatchObject({
      from: { buildId: one.buildId },
      to: { buildId: two.buildId },
      isBack: false,
    });
    // The clock was set back between the two: what is older is told by the store.
    store.db.run("UPDATE builds SET created_at = '2001-01-01T00:00:00.000Z' WHERE build_id = ?", [two.buildId]);
    expect(plannedMove(store.db, web, "prod", two.buildId).isBack).toBe(false);
    assignTags(store.db, `web:${two.buildId}`, ["next"]);
    expect(plannedMove(store.db, web, "next", one.buildId).isBack).toBe(true);
    expect(plannedMove(store.db, web, "prod", one.buildId).problem).toBe("the tag points at it already");
    expect(() => tagHistory(store.db, web, "none", {})).toThrow('no tag "none"');
    const failed = await store.accept({ name: "web" });
    expect(plannedMove(store.db, web, "prod", failed).problem).toBe("the build is waiting");
  });
});

it("takes a name for that of a secret as BuildKit does", () => {
  // Its own examples: frontend/dockerfile/docs/rules/secrets-used-in-arg-or-env.md and its tests.
  for (const name of [
    "SECRET_PASSPHRASE",
    "AWS_SECRET_ACCESS_KEY",
    "API_TOKEN",
    "PASSWORD",
    "git_key",
    "SOME_AUTH",
    "apikey",
  ]) {
    expect([name, isSecretName(name)]).toEqual([name, true]);
  }
  for (const name of ["VERSION", "MONKEY", "TOKENIZER", "PUBLIC_KEY", "KEYBOARD", "AUTHOR"]) {
    expect([name, isSecretName(name)]).toEqual([name, false]);
  }
});

it("takes more names of a machine's variables for those of secrets, and no harmless ones", () => {
  for (const name of ["DB_PASS", "SMTP_PWD", "SIM_PIN", "SENTRY_DSN", "PASSWORD_SALT", "GITHUB_PAT", "API_TOKEN"]) {
    expect([name, isSecretVariable(name)]).toEqual([name, true]);
  }
  for (const name of ["PWD", "PATH", "PASSENGER", "PINS_PER_ROW", "PUBLIC_DSN", "COMPASS", "SEEDLING"]) {
    expect([name, isSecretVariable(name)]).toEqual([name, false]);
  }
});

it("masks what a machine writes by how long a value is and what it is called", () => {
  const envs = { LEVEL: "info", REGION: "eu-west-1", DB_PASS: "pw9c", PIN: "123" };
  const redactor = machineRedactor(store.db, { envs: JSON.stringify(envs), templateId: "tmpl_none" });
  expect(redactor.text("info eu-west-1 pw9c 123")).toBe("info [secret] [secret] 123");
});

it("writes an entry of a log without what is secret in it", () => {
  const entry = JSON.stringify({ kind: "message", level: "info", message: "token hush-hush\n" });
  expect(logLine({ offset: 3, entry }, new Redactor(["hush-hush"]))).toEqual({
    offset: 3,
    kind: "plain",
    text: "token [secret]",
  });
});

it("writes what a builder said without the codes of a terminal, which hide no secret either", () => {
  const redactor = new Redactor(["hush-hush", "\u001b[1mloud-loud"]);
  const said =
    "\u001b[32mok\u001b[0m hush\u001b[0m-hush \u001b[1mloud-loud \u001b]8;;http://x\u0007link\u001b]8;;\u0007";
  expect(saidText(said, redactor)).toBe("ok [secret] [secret] link");
});
