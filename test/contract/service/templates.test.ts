import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunningService } from "../../engine/service/running-service.ts";
import { commandLine, python } from "./python-client.ts";

let service: RunningService;
let context: string;

beforeAll(async () => {
  service = await RunningService.start();
  context = join(service.dataDirectory, "client-context");
  mkdirSync(join(context, "d", "sub"), { recursive: true });
  writeFileSync(join(context, "d", "x.txt"), "x");
  writeFileSync(join(context, "d", "sub", "y.txt"), "y");
  writeFileSync(join(context, "one file.txt"), "z");
  writeFileSync(
    join(context, "Dockerfile"),
    // Never built before: the engine's cache outlives a run, and a step out of it prints nothing.
    `FROM ${process.env.NULLSPACE_BASE_IMAGE}\nCOPY . /app\nRUN cat /app/d/x.txt # ${randomUUID()}\n`,
  );
  writeFileSync(join(context, ".dockerignore"), "*.log\n");
  writeFileSync(join(context, "noise.log"), "noise");
});

afterAll(() => service[Symbol.asyncDispose]());

describe("the published Python client", () => {
  it("builds from its builder, follows the log, and reads back what it asked for", { timeout: 120_000 }, async () => {
    const answer = await python(
      service,
      `
builder = (Template.from_image(BASE).set_file_context(${JSON.stringify(context)})
    .copy("d", "/app/", mode="0755").copy("one file.txt", "/one")
    .copy_items([("d/x.txt", "/i/"), ("one file.txt", "/i/two")])
    .set_build_envs({"E1": "v 1"}).set_runtime_envs({"R": "r1"}).set_workdir("/app")
    .run_cmd('test "$E1" = "v 1" && test -f sub/y.txt && cat /one /i/x.txt /i/two')
    .make_dir("/m", mode=0o700).make_symlink("/m", "/l").remove("/one").skip_cache().run_cmd(["echo a", "echo b"])
    .set_start_cmd("while :; do sleep 1; done", readiness=wait_for_file("/app/x.txt")))
entries = []
built = Template.build(builder, "py:v1", on_log_entry=entries.append)
again = Template.build_in_background(builder, "py:v2")
snapshot = again.wait_until_terminal()
followed = list(TemplateBuild.connect(again["build_id"]).logs(follow=True))
status = again.get_status().build
answer = {
    "kinds": [entry.kind.value if hasattr(entry.kind, "value") else entry.kind for entry in entries if hasattr(entry, "kind")],
    "first": built.status.value, "second": snapshot.build.status.value, "followed": len(followed) == len(again.get_status().entries),
    "cache": [status.cache_summary.layer_hits, status.cache_summary.layer_misses, status.cache_summary.file_blob_hits],
    "defaults": vars(status.runtime_defaults), "promotable": status.promotability.promotable,
    "digests": [built.get_status().build.context_digest == status.context_digest, status.source_digest is not None],
    "history": [row.build_id for row in Template.list_builds("local/py").builds] == [again["build_id"], built["build_id"]],
    "page": Template.list_builds("local/py", limit=1).next_cursor is not None,
    "by_id": len(Template.list_builds(again.id, status="ready").builds),
}`,
    );
    expect(answer).toMatchObject({
      first: "ready",
      second: "ready",
      followed: true,
      // The steps behind the skip_cache step, and nothing else, ran again.
      cache: [9, 2, 3],
      defaults: { default_env_keys: ["R"], default_workdir: "/app", readiness: { kind: "command" } },
      promotable: true,
      digests: [true, true],
      history: true,
      page: true,
      by_id: 2,
    });
  });

  it("promotes, retries, tags, renames, and finds templates by every ref", { timeout: 120_000 }, async () => {
    const answer = await python(
      service,
      `
plain = Template.from_image(BASE)
first = Template.build(plain, "ops:v1")
second = Template.build_in_background(plain, "ops:v2")
second.wait_until_terminal()
promoted = second.promote(tag="stable")
retried = second.retry(tags=["r"])
lineage = retried.wait_until_terminal().build
assigned = Template.assign_tags("local/ops:v1", ["x", "y"])
Template.remove_tag("local/ops", "x")
tags = sorted(tag.tag for tag in Template.get_tags("local/ops"))
renamed = Template.rename("local/ops", "ops2")
aliases = [alias.alias_ref for alias in Template.list_aliases("local/ops2")]
through_alias = Template.get("local/ops:v2").canonical_ref
Template.remove_alias("local/ops2", "local/ops")
claim = Template.reserve_name("held")
Template.release_name_claim(claim.claim_token)
answer = {
    "promoted": promoted.tags, "lineage": lineage.retry_of_build_id == second["build_id"], "assigned": assigned.tags, "tags": tags,
    "renamed": renamed.canonical_ref, "aliases": aliases, "through_alias": through_alias,
    "visibility": Template.set_visibility("ops2", "public").visibility.value,
    "exists": [Template.exists("ops2"), Template.exists("ops"), Template.exists("tmpl_none"), Template.exists(second.id)],
    "claim": claim.canonical_ref, "namespace": vars(Template.get_namespace("local")),
    "listed": [row["canonical_ref"] for row in Template.list(fields=["canonical_ref"])],
}
Template.delete("ops2:stable")
Template.delete(first.id)
answer["tags_left"] = sorted(tag.tag for tag in Template.get_tags("local/ops2"))
Template.delete("local/ops2")
answer["gone"] = Template.exists("ops2")
answer["record"] = second.get_status().build.promotability.status.value`,
    );
    expect(answer).toMatchObject({
      promoted: ["stable", "v2"],
      lineage: true,
      assigned: ["v1", "x", "y"],
      tags: ["r", "stable", "v1", "v2", "y"],
      renamed: "local/ops2",
      aliases: ["local/ops"],
      through_alias: "local/ops2",
      visibility: "public",
      exists: [true, false, false, true],
      claim: "local/held",
      namespace: { slug: "local", is_default: true },
      tags_left: ["r", "v2"],
      gone: false,
      record: "purged",
    });
    expect(answer.listed).toEqual(expect.arrayContaining(["nullspace/base", "local/ops2"]));
  });

  it("plans and validates, also what it cannot build", { timeout: 60_000 }, async () => {
    const answer = await python(
      service,
      `
plan = Template.plan(Template.from_dockerfile_content('FROM x\\nENV A=1 B="2 3"\\nCMD foo\\nRUN a\\n'), "p")
steps = Template.plan(Template.from_template("base").run_cmd("echo 1"), "p")
bad = Template.validate(Template.from_image("Not An Image"), "p")
answer = {
    "plan": plan.build_plan, "backend": plan.build_backend.value, "source": steps.source_type.value,
    "base": steps.build_plan["base_template"], "good": Template.validate(Template.from_image(BASE), "p").valid,
    "bad": [bad.valid, bad.errors[0].code, bad.errors[0].message],
}`,
    );
    expect(answer).toMatchObject({
      plan: {
        base_template: "x",
        run_steps: ["a"],
        env_assignments: [
          ["A", "1"],
          ["B", "2 3"],
        ],
        ignored_instruction_warnings: [{ instruction: "CMD", line: 3 }],
      },
      backend: "buildkit",
      source: "declarative",
      base: "nullspace/base:latest",
      good: true,
    });
    expect(answer.bad).toEqual([false, "invalid_request", expect.stringContaining("Not An Image")]);
  });

  it("raises the class that the contract gives for each error", { timeout: 120_000 }, async () => {
    const answer = await python(
      service,
      `
plain = Template.from_image(BASE)
taken = Template.build(plain, "taken:v1")
Template.build(plain, "other:v1")
failing = Template.build_in_background(Template.from_image(BASE).run_cmd("echo why; exit 3"), "failing")
waited = failure(failing.wait_until_terminal)
running = Template.build_in_background(Template.from_image(BASE).skip_cache().run_cmd("sleep 300"), "cancelled")
cancelled = running.cancel(reason="enough").build
wrong = dict(os.environ); key = os.environ["NULLSPACE_API_KEY"]; os.environ["NULLSPACE_API_KEY"] = "wrong"
unauthorized = failure(lambda: Template.list()); os.environ["NULLSPACE_API_KEY"] = key
answer = {
    "build": waited, "detail": [failing.get_status().build.error_detail.phase, failing.get_status().build.error_detail.step_index],
    "cancelled": [cancelled.status.value, cancelled.cancellation_reason, running.wait_until_terminal().build.status.value],
    "streamed": failure(lambda: Template.build(Template.from_image(BASE).run_cmd("exit 4"), "failing2")),
    "unauthorized": unauthorized,
    "conflict": failure(lambda: Template.rename("taken", "other")),
    "not_ready": failure(lambda: failing.promote(tag="x")),
    "forbidden": failure(lambda: Template.build(plain, name="nullspace/mine")),
    "name": failure(lambda: Template.build(plain, name="a/b:c")),
    "template": failure(lambda: Template.get("none")),
    "build_id": failure(lambda: TemplateBuild.connect("tb_none")),
    "claim": failure(lambda: Template.release_name_claim("claim_none")),
    "namespace": failure(lambda: Template.get_namespace("none")),
    "alias": failure(lambda: Template.remove_alias("taken", "local/none")),
    "fields": failure(lambda: Template.list(fields=["zip"])),
    "builtin": failure(lambda: Template.delete("base")),
}`,
    );
    const classes = Object.fromEntries(
      Object.entries(answer as Record<string, [string, string, string]>).map(([name, [kind, code]]) => [
        name,
        `${kind} ${code}`,
      ]),
    );
    expect(classes).toMatchObject({
      build: "BuildError build_error",
      streamed: "BuildError build_error",
      detail: "build_step 1",
      cancelled: "cancelled enough",
      unauthorized: "AuthError unauthorized",
      conflict: "ConflictError conflict",
      not_ready: "ConflictError conflict",
      forbidden: "PermissionError permission_denied",
      name: "MachineError invalid_request",
      template: "NotFoundError template_not_found",
      build_id: "NotFoundError template_build_not_found",
      claim: "NotFoundError template_name_claim_not_found",
      namespace: "NotFoundError namespace_not_found",
      alias: "NotFoundError template_alias_not_found",
      fields: "MachineError invalid_fields",
      builtin: "MachineError invalid_request",
    });
    expect(answer.build[2]).toContain("why");
  });
});

describe("the published command line", () => {
  it("builds a folder with a Dockerfile, and shows the build to another process", { timeout: 120_000 }, async () => {
    const built = await commandLine(service, [
      "template",
      "build",
      "--from-dockerfile",
      join(context, "Dockerfile"),
      "--name",
      "cli",
      "--tag",
      "v1",
    ]);
    expect([built.code, JSON.parse(built.stdout)]).toEqual([
      0,
      expect.objectContaining({ status: "ready", canonical_ref: "local/cli" }),
    ]);
    const { build_id: buildId } = JSON.parse(built.stdout) as { build_id: string };
    const logs = await commandLine(service, ["template", "logs", buildId, "--follow", "--json"]);
    const entries = JSON.parse(logs.stdout) as { kind: string; message: string }[];
    expect(entries.at(-1)?.kind).toBe("end");
    expect(entries.some(({ message }) => message === "x")).toBe(true);
    const status = await commandLine(service, ["template", "build-status", buildId, "--offset", "2"]);
    expect(JSON.parse(status.stdout)).toMatchObject({ build: { status: "ready", source_type: "dockerfile" } });
    const list = await commandLine(service, ["template", "list", "--json"]);
    expect((JSON.parse(list.stdout) as { canonical_ref: string }[]).map((row) => row.canonical_ref)).toContain(
      "local/cli",
    );
  });

  it("ends with the status of the contract for each error", { timeout: 60_000 }, async () => {
    const missing = await commandLine(service, ["template", "get", "none", "--json"]);
    expect([missing.code, JSON.parse(missing.stdout).error.code]).toEqual([3, "template_not_found"]);
    const refused = await commandLine(service, ["template", "list", "--fields", "zip"]);
    expect(refused.code).toBe(2);
    const exists = await commandLine(service, ["template", "exists", "none", "--json"]);
    expect([exists.code, JSON.parse(exists.stdout)]).toEqual([0, { template_ref: "none", exists: false }]);
  });

  it("finds the service healthy and its key good", { timeout: 60_000 }, async () => {
    const doctor = await commandLine(service, ["doctor", "--json"]);
    const { ok, probes } = JSON.parse(doctor.stdout) as { ok: boolean; probes: { name: string; status: string }[] };
    expect([ok, probes.filter(({ status }) => status === "pass").map(({ name }) => name)]).toEqual([
      true,
      expect.arrayContaining(["api_reachability", "key_validity"]),
    ]);
  });
});
