import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BASE_IMAGE, RunningService } from "../engine/service/running-service.ts";
import { PYTHON, PythonClient } from "./python/python-client.ts";

let service: RunningService;
let python: PythonClient;
let folder: string;

beforeAll(async () => {
  service = await RunningService.start();
  python = new PythonClient({ url: service.url, apiKey: service.apiKey, home: service.dataDirectory });
  folder = mkdtempSync(join(tmpdir(), "command-line-"));
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "d/x.txt"), "content of x\n");
  writeFileSync(join(folder, "noise.log"), "noise");
  writeFileSync(join(folder, ".dockerignore"), "*.log\n");
  // Never built before: the engine's cache outlives a run, and a step out of it prints nothing.
  const dockerfile = `FROM ${BASE_IMAGE}\nCOPY . /app\nRUN cat /app/d/x.txt && test ! -e /app/noise.log # ${randomUUID()}\n`;
  writeFileSync(join(folder, "Dockerfile"), dockerfile);
});

afterAll(async () => {
  await python[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command that must succeed. @returns what it printed */
async function text(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await python.command(...argv);
  if (code !== 0) throw new Error(`nullspace ${argv.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** Runs a command that must succeed. @returns the JSON that it printed */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the command prints
async function read(...argv: string[]): Promise<any> {
  return JSON.parse(await text(...argv));
}

/** Runs a command that must fail. @returns its exit code, and the code of the error that it printed */
async function failed(...argv: string[]): Promise<[number, string]> {
  const { code, stdout } = await python.command(...argv, "--json");
  return [code, (JSON.parse(stdout) as { error: { code: string } }).error.code];
}

describe("nullspace", () => {
  it("as it is installed finds the service healthy and its key good", async () => {
    const { stdout } = await promisify(execFile)(join(dirname(PYTHON), "nullspace"), ["doctor", "--json"], {
      cwd: service.dataDirectory,
      env: { PATH: process.env.PATH, NULLSPACE_API_URL: service.url, NULLSPACE_API_KEY: service.apiKey },
    });
    const { ok, probes } = JSON.parse(stdout) as { ok: boolean; probes: { name: string; status: string }[] };
    const passed = probes.filter(({ status }) => status === "pass").map(({ name }) => name);
    expect([ok, passed]).toEqual([true, expect.arrayContaining(["api_reachability", "key_validity"])]);
  });
});

describe("nullspace template", () => {
  it("builds a Dockerfile's folder in the foreground, its log on standard error", async () => {
    const source = ["--from-dockerfile", join(folder, "Dockerfile"), "--name", "cli", "--tag", "v1", "--tag", "v2"];
    const dry = await read("template", "build", ...source, "--dry-run", "--json");
    expect(dry.context).toMatchObject({ file_count: 1, ignored_count: 1 });
    const { code, stdout, stderr } = await python.command("template", "build", ...source, "--log-format", "jsonl");
    expect([code, JSON.parse(stdout)]).toMatchObject([
      0,
      { status: "ready", canonical_ref: "local/cli", tags: ["v1", "v2"] },
    ]);
    expect(stderr).toContain("content of x");
  });

  it("builds steps in the background, and waits, reads, retries, promotes and lists from other processes", async () => {
    const steps = ["--set-workdir", "/w", "--run-cmd", `echo ran # ${randomUUID()}`, "--make-dir", "/m"];
    const copy = ["--copy-src", "d", "--copy-dst", "/d/", "--copy-mode", "0755"];
    const start = ["--start-cmd", "sleep 1000", "--ready-cmd", "test -x /d/x.txt", "--set-runtime-env", "A=1"];
    const started = await read(
      ...["template", "build", "--from-image", BASE_IMAGE, "--file-context", folder],
      ...[...steps, ...copy, ...start, "--name", "steps", "--background"],
    );
    expect(started).toMatchObject({ name: "steps", tags: ["default"] });
    const id: string = started.build_id;
    const waited = await read("template", "wait", id, "--log-format", "quiet");
    expect(waited.build).toMatchObject({
      status: "ready",
      runtime_defaults: { default_env_keys: ["A"], default_workdir: "/w" },
    });
    const { build, entries } = await read("template", "build-status", id, "--offset", "2");
    expect([build.source_type, entries[0].offset]).toEqual(["declarative", 2]);
    const log = await read("template", "logs", id, "--json");
    expect(log.map(({ message }: { message: string }) => message)).toContain("ran");
    expect(await text("template", "logs", id, "--follow", "--since", "2000-01-01T00:00:00Z")).toContain("ran");

    expect((await read("template", "promote", id, "--tag", "stable")).tags).toEqual(["default", "stable"]);
    const retried = await read("template", "retry", id, "--tag", "again");
    await text("template", "wait", retried.build_id, "--log-format", "quiet");
    const { builds, next_cursor } = await read(...["template", "builds", "steps", "--status", "ready", "--limit", "1"]);
    expect(builds).toMatchObject([{ build_id: retried.build_id, tags: ["again"], retry_of_build_id: id }]);
    const rest = await read("template", "builds", "steps", "--cursor", next_cursor, "--backend", "native");
    expect(rest.builds.map((row: { build_id: string }) => row.build_id)).toEqual([id]);
  });

  it("cancels a build, and shows one that failed", async () => {
    const from = ["template", "build", "--from-image", BASE_IMAGE, "--name", "stopped"];
    const { build_id: id } = await read(...from, "--step-skip-cache", "--run-cmd", "sleep 300", "--background");
    const cancelled = await read("template", "cancel", id, "--reason", "enough");
    expect(cancelled.build).toMatchObject({ status: "cancelled", cancellation_reason: "enough" });
    expect((await read("template", "wait", id)).build.status).toBe("cancelled");
    const failing = await python.command(...from, "--run-cmd", "echo no luck; exit 3");
    expect([failing.code, failing.stderr]).toEqual([1, expect.stringContaining("no luck")]);
  });

  it("builds on another template, with a secret that it masks", async () => {
    const from = ["template", "build", "--from-template", "base", "--name", "child", "--no-internet-access"];
    expect(await read(...from, "--run-cmd", "true")).toMatchObject({ status: "ready" });
    const dockerfile = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=tok grep -qx geheimnis /run/secrets/tok # ${randomUUID()}\n`;
    const secret = ["--from-dockerfile-content", dockerfile, "--build-secret", "tok=geheimnis", "--name", "secret"];
    const built = await python.command("template", "build", ...secret);
    expect([built.code, (built.stdout + built.stderr).replaceAll("grep -qx geheimnis", "")]).toEqual([
      0,
      expect.not.stringContaining("geheimnis"),
    ]);
  });

  it("validates, plans and renders without building", async () => {
    const source = ["--from-image", BASE_IMAGE, "--run-cmd", "ls", "--apt-install", "git,curl", "--name", "checked"];
    expect(await read("template", "validate", ...source)).toMatchObject({ valid: true });
    expect(await read("template", "plan", ...source)).toMatchObject({
      build_backend: "native",
      source_type: "declarative",
      build_plan: { base_template: BASE_IMAGE },
    });
    expect(await read("template", "render", "json", ...source)).toMatchObject({ name: "checked" });
    expect(await text("template", "render", "dockerfile", ...source)).toContain(`FROM ${BASE_IMAGE}`);
    expect(await read("template", "exists", "checked", "--json")).toEqual({ template_ref: "checked", exists: false });
  });

  it("names, shows and deletes templates", async () => {
    await text("template", "build", "--from-image", BASE_IMAGE, "--name", "named", "--tag", "v1");
    expect(await text("template", "list")).toContain("named");
    const rows: { canonical_ref: string }[] = await read("template", "list", "--json");
    expect(rows.map((row) => row.canonical_ref)).toEqual(expect.arrayContaining(["nullspace/base", "local/named"]));
    expect(await text("template", "list", "--fields", "name,canonical_ref")).toContain("named\tlocal/named");
    expect(await read("template", "get", "local/named:v1")).toMatchObject({ name: "named", tags: ["v1"] });
    expect(await read("template", "get", "named:v1", "--fields", "name")).toEqual({ name: "named" });
    expect(await read("template", "exists", "named:v1", "--json")).toMatchObject({ exists: true });

    expect(await read("template", "tag", "assign", "named:v1", "x", "y")).toMatchObject({ tags: ["v1", "x", "y"] });
    await text("template", "tag", "remove", "named", "x");
    const tags: { tag: string }[] = await read("template", "tag", "list", "named");
    expect(tags.map(({ tag }) => tag).sort()).toEqual(["v1", "y"]);
    expect(await read("template", "visibility", "set", "named", "public")).toMatchObject({ visibility: "public" });
    expect(await read("template", "rename", "named", "renamed")).toMatchObject({ canonical_ref: "local/renamed" });
    expect(await read("template", "alias", "list", "renamed")).toMatchObject([{ alias_ref: "local/named" }]);
    await text("template", "alias", "remove", "renamed", "local/named");
    const { claim_token: token } = await read("template", "reserve", "named");
    await text("template", "claim", "release", token);
    expect(await read("template", "namespace", "get", "local")).toMatchObject({ slug: "local", is_default: true });
    await text("template", "delete", "renamed");
    expect(await failed("template", "get", "renamed")).toEqual([3, "template_not_found"]);
  });
});

describe("nullspace template warm-pool and nullspace machine", () => {
  it("make a pool, take machines from it and past it, and take all down", async () => {
    const pool = (...argv: string[]) => read("template", "warm-pool", ...argv, "--json");
    const size = ["--vcpus", "1", "--memory", "64"];
    const { id } = await pool(
      ...["create", "base", "--name", "cli", "--min-ready", "1", "--max-ready", "2", ...size],
      ...["--label", "team=cli", "--metadata", "k=v", "--idle-timeout", "500"],
    );
    expect(await pool("wait", id, "--timeout", "60", "--interval", "0.05")).toMatchObject({ status: { ready: 1 } });
    expect((await pool("list", "--label", "team=cli", "--status", "ready")).items).toMatchObject([{ id }]);
    expect(await text("template", "warm-pool", "list")).toContain(id);
    expect(await pool("get", id)).toMatchObject({ resources: { vcpus: 1, memory_mb: 64 }, metadata: { k: "v" } });

    const machine = (...argv: string[]) => read("machine", ...argv, "--json");
    const take = (mode: string) =>
      machine("create", ...size, "--warm-pool-mode", mode, ...(mode === "bypass" ? [] : ["--warm-pool", id]));
    const hit = await take("require");
    expect(hit.warm_pool_checkout).toMatchObject({ source: "ready_instance", hit: true });
    expect(await pool("disable", id)).toMatchObject({ state: "disabled" });
    const fallback = await take("prefer");
    expect(fallback.warm_pool_checkout).toMatchObject({ source: "cold_create", hit: false });
    const bypass = await take("bypass");
    expect(bypass.warm_pool_checkout).toMatchObject({ source: "bypassed", hit: false });
    expect(await failed("machine", "create", ...size, "--warm-pool", id, "--warm-pool-mode", "require")).toEqual([
      1,
      "warm_pool_unavailable",
    ]);

    const listed = await machine("list", "--state", "running");
    const ids = (listed.items ?? listed).map((row: { id: string }) => row.id);
    expect(ids).toEqual(expect.arrayContaining([hit.id, fallback.id, bypass.id]));
    expect(await machine("get", hit.id)).toMatchObject({ id: hit.id, status: "running" });
    expect(await text("machine", "exec", hit.id, "echo", "hello")).toBe("hello\n");
    const { code } = await python.command("machine", "exec", hit.id, "--shell", "exit 7");
    expect(code).toBe(7);
    expect(await machine("timeout", "set", hit.id, "--seconds", "90")).toMatchObject({ timeout_ms: 90_000 });
    await Promise.all([hit, fallback, bypass].map((one: { id: string }) => text("machine", "kill", one.id)));

    expect(await pool("scale", id, "--min-ready", "0", "--max-ready", "1")).toMatchObject({ min_ready: 0 });
    expect(await pool("enable", id)).toMatchObject({ state: "enabled" });
    expect(await pool("reconcile", id)).toMatchObject({ state: "enabled" });
    const late = await python.command("template", "warm-pool", "wait", id, "--min-ready", "1", "--timeout", "0.1");
    expect(late.code).toBe(8);
    expect((await pool("drain", id)).state).toMatch(/^(draining|disabled)$/);
    expect(await pool("delete", id)).toMatchObject({ id, deleted: true });
    expect((await pool("list", "--state", "deleted")).items).toMatchObject([{ id }]);
  });
});

describe("nullspace quickstart", () => {
  it("starts a machine, runs a command, writes a file, prints where it is reached, and leaves nothing behind", async () => {
    const { code, stdout, stderr } = await python.command("quickstart");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n")).toEqual([
      "Creating machine from template 'base'...",
      expect.stringMatching(/^Machine ready: mch_/),
      "hello from nullspace",
      "hello from a machine",
      expect.stringMatching(/^Preview URL: http:\/\/[\d.]+:8080$/),
      "Quickstart complete; destroying the machine.",
      "",
    ]);
    const id = /mch_\w+/.exec(stdout)?.[0] ?? "";
    expect(await read("machine", "get", id, "--json")).toMatchObject({ status: "destroyed" });
  });
});

describe("the exit code of nullspace", () => {
  it("is the contract's for each kind of error", async () => {
    await text("template", "build", "--from-image", BASE_IMAGE, "--name", "taken");
    await text("template", "build", "--from-image", BASE_IMAGE, "--name", "other");
    expect(await failed("template", "get", "none")).toEqual([3, "template_not_found"]);
    expect(await failed("template", "build-status", "tb_none")).toEqual([3, "template_build_not_found"]);
    expect(await failed("template", "warm-pool", "get", "twp_none")).toEqual([3, "warm_pool_not_found"]);
    expect(await failed("machine", "get", "mch_none")).toEqual([3, "machine_not_found"]);
    expect(await failed("template", "list", "--fields", "zip")).toEqual([2, "invalid_fields"]);
    expect(await failed("template", "rename", "taken", "other")).toEqual([7, "conflict"]);
    expect(await failed("template", "reserve", "nullspace/mine")).toEqual([5, "permission_denied"]);
    const wrong = new PythonClient({ url: service.url, apiKey: "ns_live_wrong", home: service.dataDirectory });
    const { code, stderr } = await wrong.command("template", "list");
    await wrong[Symbol.asyncDispose]();
    expect([code, stderr]).toEqual([4, expect.not.stringContaining("ns_live_wrong")]);
  });
});
