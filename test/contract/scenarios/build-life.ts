import { randomUUID } from "node:crypto";
import { Template, TemplateBuild } from "../../../sdk/index.ts";
import { BASE_IMAGE } from "../../engine/service/running-service.ts";
import { refused, type Scenario } from "./scenario.ts";

/** A text that no cache has seen. */
const FRESH = randomUUID();

/** What becomes of a build: cancelled, failed, retried, promoted, listed. */
export const BUILD_LIFE_SCENARIOS: readonly Scenario[] = [
  {
    name: "a background build is cancelled with a reason, once and for all",
    python: `
started = Template.build_in_background(Template.from_image(BASE).skip_cache().run_cmd("sleep 300"), NAME)
accepted = [started.status.value, started.is_terminal()]
cancelled = started.cancel(reason="changed my mind").build
waited = TemplateBuild.connect(started["build_id"]).wait_until_terminal()
answer = {
    "accepted": accepted[1], "status": cancelled.status.value, "reason": cancelled.cancellation_reason,
    "asked": cancelled.cancel_requested_at is not None, "waited": waited.build.status.value,
    "last": waited.entries[-1].kind.value, "again": started.cancel(reason="later").build.cancellation_reason,
    "promote": refused(lambda: started.promote(tag="x")), "promotable": cancelled.promotability.promotable,
}`,
    ours: async ({ name, connection }) => {
      const sleeping = Template.fromImage(BASE_IMAGE).skipCache().runCmd("sleep 300");
      const started = await Template.buildInBackground(sleeping, name, connection);
      const accepted = started.isTerminal;
      const { build: cancelled } = await started.cancel("changed my mind");
      const elsewhere = await TemplateBuild.connect(started.buildId, connection);
      const { build: waited } = await elsewhere.waitUntilTerminal();
      return {
        accepted,
        status: cancelled.status,
        reason: cancelled.cancellation_reason,
        asked: cancelled.cancel_requested_at != null,
        waited: waited.status,
        last: (await elsewhere.status()).entries.at(-1)!.kind,
        again: (await started.cancel("later")).build.cancellation_reason,
        promote: await refused(() => started.promote("x")),
        promotable: cancelled.promotability!.promotable,
      };
    },
    outcome: {
      accepted: false,
      status: "cancelled",
      reason: "changed my mind",
      asked: true,
      waited: "cancelled",
      last: "cancelled",
      again: "changed my mind",
      promote: "ConflictError conflict",
      promotable: false,
    },
  },
  {
    name: "a build that fails says which step, and what it printed",
    python: `
failing = Template.build_in_background(Template.from_image(BASE).run_cmd("true").run_cmd("echo no luck >&2; exit 3"), NAME)
waited = failure(failing.wait_until_terminal)
status = failing.get_status()
detail = status.build.error_detail
answer = {
    "waited": waited[:2], "says": "no luck" in waited[2], "status": status.build.status.value, "phase": status.build.failure_phase,
    "detail": [detail.code, detail.phase.value, detail.step_index, detail.retryable, detail.build_id == failing["build_id"]],
    "advice": detail.suggested_action != "", "last": status.entries[-1].kind.value,
    "foreground": refused(lambda: Template.build(Template.from_image(BASE).run_cmd("exit 4"), NAME)),
    "exists": Template.exists(NAME), "promote": refused(lambda: failing.promote(tag="x")),
}`,
    ours: async ({ name, connection }) => {
      const template = Template.fromImage(BASE_IMAGE).runCmd("true").runCmd("echo no luck >&2; exit 3");
      const failing = await Template.buildInBackground(template, name, connection);
      let said = "";
      const waited = await refused(() =>
        failing.waitUntilTerminal().catch((error: Error) => {
          said = error.message;
          throw error;
        }),
      );
      const status = await failing.status();
      const detail = status.build.error_detail!;
      return {
        waited: waited!.split(" "),
        says: said.includes("no luck"),
        status: status.build.status,
        phase: status.build.failure_phase,
        detail: [detail.code, detail.phase, detail.step_index, detail.retryable, detail.build_id === failing.buildId],
        advice: detail.suggested_action !== "",
        last: status.entries.at(-1)!.kind,
        foreground: await refused(() =>
          Template.build(Template.fromImage(BASE_IMAGE).runCmd("exit 4"), name, connection),
        ),
        exists: await Template.exists(name, connection),
        promote: await refused(() => failing.promote("x")),
      };
    },
    outcome: {
      waited: ["BuildError", "build_error"],
      says: true,
      status: "error",
      phase: "build_step",
      detail: ["build_error", "build_step", 2, false, true],
      advice: true,
      last: "error",
      foreground: "BuildError build_error",
      exists: false,
      promote: "ConflictError conflict",
    },
  },
  {
    name: "a build is retried under other tags, promoted, and found again in the history by status and page",
    python: `
first = Template.build(Template.from_image(BASE).run_cmd("echo 1"), NAME + ":one")
second = first.retry(tags=["two", "zwei"])
lineage = second.wait_until_terminal().build
third = second.retry()
third.wait_until_terminal()
promoted = first.promote(tag="stable")
page = Template.list_builds(NAME, status="ready", backend="native", source_type="declarative", limit=2)
rest = Template.list_builds(NAME, limit=2, cursor=page.next_cursor)
answer = {
    "tags": lineage.tags, "of": [lineage.retry_of_build_id == first["build_id"], lineage.original_build_id == first["build_id"]],
    "third": [third.tags, third.retry_of_build_id == second["build_id"], third.original_build_id == first["build_id"]],
    "promoted": [promoted.id == first.id, promoted.tags], "got": Template.get(NAME + ":stable").id == first.id,
    "page": [row.build_id for row in page.builds] == [third["build_id"], second["build_id"]],
    "rest": [[row.build_id for row in rest.builds] == [first["build_id"]], rest.next_cursor],
    "by_artifact": len(Template.list_builds(first.id).builds), "failed": len(Template.list_builds(NAME, status="error").builds),
    "no_tags": refused(lambda: first.retry(tags=[])),
}`,
    ours: async ({ name, connection }) => {
      const first = await Template.build(Template.fromImage(BASE_IMAGE).runCmd("echo 1"), `${name}:one`, connection);
      const second = await first.retry({ tags: ["two", "zwei"] });
      const { build: lineage } = await second.waitUntilTerminal();
      const third = await second.retry();
      await third.waitUntilTerminal();
      const promoted = await first.promote("stable");
      const list = (query: Parameters<typeof Template.listBuilds>[1], ref = name) =>
        Template.listBuilds(ref, query, connection);
      const page = await list({ status: "ready", backend: "native", source_type: "declarative", limit: 2 });
      const rest = await list({ limit: 2, cursor: page.next_cursor! });
      const ids = (rows: typeof page) => rows.builds.map(({ build_id }) => build_id).join();
      return {
        tags: lineage.tags,
        of: [lineage.retry_of_build_id === first.buildId, lineage.original_build_id === first.buildId],
        third: [
          third.info.tags,
          third.info.retry_of_build_id === second.buildId,
          third.info.original_build_id === first.buildId,
        ],
        promoted: [promoted.id === first.templateId, promoted.tags],
        got: (await Template.get(`${name}:stable`, connection)).id === first.templateId,
        page: ids(page) === `${third.buildId},${second.buildId}`,
        rest: [ids(rest) === first.buildId, rest.next_cursor ?? null],
        by_artifact: (await list({}, first.templateId)).builds.length,
        failed: (await list({ status: "error" })).builds.length,
        no_tags: await refused(() => first.retry({ tags: [] })),
      };
    },
    outcome: {
      tags: ["two", "zwei"],
      of: [true, true],
      third: [["two", "zwei"], true, true],
      promoted: [true, ["one", "stable"]],
      got: true,
      page: true,
      rest: [true, null],
      by_artifact: 3,
      failed: 0,
      no_tags: "MachineError invalid_request",
    },
  },
  {
    name: "secrets and credentials are asked for again by a retry, for nobody kept them",
    python: `
dockerfile = "FROM " + BASE + "\\nRUN --mount=type=secret,id=token,required=true grep -q '^geheim$' /run/secrets/token # ${FRESH}-" + NAME + "\\n"
secret = {"id": "token", "value": "geheim", "source": "value"}
first = Template.build(Template.from_dockerfile_content(dockerfile).add_build_secret("token", "geheim"), NAME)
entries = first.get_status().entries
again = first.retry(build_secrets=[secret])
answer = {
    "none": refused(lambda: first.retry()), "other": refused(lambda: first.retry(build_secrets=[{**secret, "id": "t2"}])),
    "again": again.wait_until_terminal().build.status.value,
    "kept": any("geheim" in entry.message and "grep" not in entry.message for entry in entries),
}`,
    ours: async ({ name, connection }) => {
      const dockerfile = `FROM ${BASE_IMAGE}\nRUN --mount=type=secret,id=token,required=true grep -q '^geheim$' /run/secrets/token # ${FRESH}-${name}\n`;
      const template = Template.fromDockerfileContent(dockerfile).addBuildSecret("token", "geheim");
      const first = await Template.build(template, name, connection);
      const { entries } = await first.status();
      const again = await first.retry({ buildSecrets: [{ id: "token", value: "geheim", source: "value" }] });
      return {
        none: await refused(() => first.retry()),
        other: await refused(() => first.retry({ buildSecrets: [{ id: "t2", value: "geheim", source: "value" }] })),
        again: (await again.waitUntilTerminal()).build.status,
        kept: entries.some(({ message }) => message.includes("geheim") && !message.includes("grep")),
      };
    },
    outcome: {
      none: "MachineError invalid_request",
      other: "MachineError invalid_request",
      again: "ready",
      kept: false,
    },
  },
];
