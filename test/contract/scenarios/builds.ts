import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Template, waitForFile, type LogEntry, type UploadProgress } from "../../../sdk/index.ts";
import { BASE_IMAGE } from "../../engine/service/running-service.ts";
import { refused, type Scenario } from "./scenario.ts";

/** A text that no cache has seen. */
const FRESH = randomUUID();

/** What is built, and out of what: a builder, a Dockerfile, another template; and what would be. */
export const BUILD_SCENARIOS: readonly Scenario[] = [
  {
    name: "a builder is built: its files go up once, its log comes down, and the build says what it became",
    python: `
entries, uploads = [], []
builder = (Template.from_image(BASE, file_context_path=FOLDER)
    .copy("app", "/srv", mode="0755").copy_items([("app/index.html", "/i/"), ("app/again.html", "/i/two")])
    .set_build_envs({"E1": "v 1"}).set_runtime_envs({"R": "r1"}).set_workdir("/srv")
    .run_cmd('test "$E1" = "v 1" && test -x index.html && cat /i/index.html /i/two # ${FRESH}-' + NAME)
    .rename("/i/two", "/two")
    .skip_cache().run_cmd(["echo a", "echo b"])
    .set_start_cmd("while :; do sleep 1; done", readiness=wait_for_file("/srv/index.html")))
built = Template.build(builder, NAME + ":v1", on_log_entry=entries.append, on_upload_progress=uploads.append)
status = built.get_status().build
replayed = list(built.logs())
answer = {
    "status": status.status.value, "name": status.name, "ref": status.canonical_ref, "tags": status.tags,
    "kinds": [replayed[0].kind.value, replayed[-1].kind.value], "same": len(replayed) == len(entries),
    "offsets": [entry.offset for entry in replayed] == list(range(len(replayed))),
    "printed": [entry.message for entry in replayed if entry.message in ("hello", "a", "b")],
    "steps": sorted({entry.step_index for entry in replayed if entry.step_index is not None}),
    "uploads": [upload.phase.value for upload in uploads],
    "source": [status.source_type.value, status.build_backend.value],
    "digests": [status.source_digest is not None, status.context_digest is not None, status.dockerfile_digest is not None],
    "defaults": [status.runtime_defaults.default_env_keys, status.runtime_defaults.default_workdir,
                 status.runtime_defaults.readiness["kind"]],
    "cached": status.cache_summary.file_blob_hits, "ran": status.cache_summary.layer_misses >= 3,
    "available": status.artifact_availability.status.value,
    "promotable": [status.promotability.status.value, status.promotability.promotable],
    "kept": status.retention_expires_at is None, "artifact": status.artifact_ids == [built.id],
    "times": status.queued_at <= status.started_at <= status.finished_at and status.duration_ms >= 0,
}`,
    ours: async ({ name, folder, connection }) => {
      const entries: LogEntry[] = [];
      const uploads: UploadProgress[] = [];
      const builder = Template.fromImage(BASE_IMAGE, { fileContextPath: folder })
        .copy("app", "/srv", { mode: "0755" })
        .copyItems([
          ["app/index.html", "/i/"],
          ["app/again.html", "/i/two"],
        ])
        .setBuildEnvs({ E1: "v 1" })
        .setRuntimeEnvs({ R: "r1" })
        .setWorkdir("/srv")
        .runCmd(`test "$E1" = "v 1" && test -x index.html && cat /i/index.html /i/two # ${FRESH}-${name}`)
        .rename("/i/two", "/two")
        .skipCache()
        .runCmd(["echo a", "echo b"])
        .setStartCmd("while :; do sleep 1; done", waitForFile("/srv/index.html"));
      const built = await Template.build(builder, `${name}:v1`, {
        ...connection,
        onLogEntry: (entry) => void entries.push(entry),
        onUploadProgress: (upload) => uploads.push(upload),
      });
      const { build: status } = await built.status();
      const replayed: LogEntry[] = [];
      for await (const entry of built.logs()) replayed.push(entry);
      const [queued, started, finished] = [status.queued_at, status.started_at, status.finished_at].map((time) =>
        Date.parse(time!),
      ) as [number, number, number];
      return {
        status: status.status,
        name: status.name,
        ref: status.canonical_ref,
        tags: status.tags,
        kinds: [replayed[0]!.kind, replayed.at(-1)!.kind],
        same: replayed.length === entries.length,
        offsets: replayed.every(({ offset }, index) => offset === index),
        printed: replayed.map(({ message }) => message).filter((message) => ["hello", "a", "b"].includes(message)),
        steps: [...new Set(replayed.flatMap(({ step_index }) => step_index ?? []))].sort((a, b) => a - b),
        uploads: uploads.map(({ state }) => state),
        source: [status.source_type, status.build_backend],
        digests: [status.source_digest, status.context_digest, status.dockerfile_digest].map((one) => one != null),
        defaults: [
          status.runtime_defaults!.default_env_keys,
          status.runtime_defaults!.default_workdir,
          status.runtime_defaults!.readiness!.kind,
        ],
        cached: status.cache_summary!.file_blob_hits,
        ran: status.cache_summary!.layer_misses >= 3,
        available: status.artifact_availability!.status,
        promotable: [status.promotability!.status, status.promotability!.promotable],
        kept: status.retention_expires_at == null,
        artifact: status.artifact_ids[0] === built.templateId && status.artifact_ids.length === 1,
        times: queued <= started && started <= finished && status.duration_ms! >= 0,
      };
    },
    outcome: {
      status: "ready",
      name: "NAME",
      ref: "local/NAME",
      tags: ["v1"],
      kinds: ["start", "end"],
      same: true,
      offsets: true,
      printed: ["hello", "hello", "a", "b"],
      steps: [1, 2, 3, 4, 5, 7, 8],
      // Two files of one content, each named twice: one blob.
      uploads: ["uploading", "completed"],
      source: ["declarative", "native"],
      digests: [true, true, false],
      defaults: [["R"], "/srv", "command"],
      cached: 0,
      ran: true,
      available: "available",
      promotable: ["promotable", true],
      kept: true,
      artifact: true,
      times: true,
    },
  },
  {
    name: "a Dockerfile with its folder is built without what its ignore file names, and sends nothing twice",
    python: `
uploads = []
dockerfile = Template.from_dockerfile(os.path.join(FOLDER, "Dockerfile"))
first = Template.build(dockerfile, NAME)
again = Template.build_in_background(dockerfile, NAME, on_upload_progress=uploads.append)
status = again.wait_until_terminal().build
answer = {
    "uploads": uploads, "status": status.status.value, "source": [status.source_type.value, status.build_backend.value],
    "digests": [status.context_digest is not None, status.dockerfile_digest is not None],
    "cached": [status.cache_summary.file_blob_hits, status.cache_summary.layer_misses],
    "labels": status.oci_metadata.labels, "ports": status.oci_metadata.exposed_ports,
}`,
    ours: async ({ name, folder, connection }) => {
      const uploads: UploadProgress[] = [];
      const dockerfile = Template.fromDockerfile(join(folder, "Dockerfile"));
      await Template.build(dockerfile, name, connection);
      const again = await Template.buildInBackground(dockerfile, name, {
        ...connection,
        onUploadProgress: (upload) => uploads.push(upload),
      });
      const { build: status } = await again.waitUntilTerminal();
      return {
        uploads,
        status: status.status,
        source: [status.source_type, status.build_backend],
        digests: [status.context_digest != null, status.dockerfile_digest != null],
        cached: [status.cache_summary!.file_blob_hits, status.cache_summary!.layer_misses],
        labels: status.oci_metadata!.labels,
        ports: status.oci_metadata!.exposed_ports,
      };
    },
    outcome: {
      uploads: [],
      status: "ready",
      source: ["dockerfile", "buildkit"],
      digests: [true, true],
      cached: [1, 0],
      labels: { team: "a" },
      ports: ["8080/tcp"],
    },
  },
  {
    name: "a build is validated, planned and inspected without being built",
    python: `
builder = Template.from_image(BASE, file_context_path=FOLDER).copy("app", "/srv").run_cmd("ls").set_build_envs({"A": "1"})
good = Template.validate(builder, NAME)
bad = Template.validate(Template.from_image("Not An Image"), NAME)
plan = Template.plan(builder, NAME)
text = Template.plan(Template.from_dockerfile_content('FROM x\\nENV A=1 B="2 3"\\nCMD foo\\nRUN a\\n'), NAME)
inspected = Template.inspect_build_context(builder, NAME)["context"]
answer = {
    "good": [good.valid, good.errors], "bad": [bad.valid, bad.errors[0].code, "Not An Image" in bad.errors[0].message],
    "plan": [plan.build_backend.value, plan.source_type.value, plan.requires_base_image_auth, plan.build_plan["run_steps"]],
    "manifest": [plan.context_manifest.file_count, plan.context_manifest.context_digest != ""], "digest": plan.source_digest is not None,
    "text": [text.source_type.value, text.build_plan["base_template"], text.build_plan["env_assignments"],
             text.build_plan["ignored_instruction_warnings"], text.dockerfile_digest is not None],
    "inspected": [inspected["file_count"], inspected["total_bytes"], inspected["ignored_count"]], "exists": Template.exists(NAME),
}`,
    ours: async ({ name, folder, connection }) => {
      const builder = Template.fromImage(BASE_IMAGE, { fileContextPath: folder })
        .copy("app", "/srv")
        .runCmd("ls")
        .setBuildEnvs({ A: "1" });
      const good = await Template.validate(builder, name, connection);
      const bad = await Template.validate(Template.fromImage("Not An Image"), name, connection);
      const plan = await Template.plan(builder, name, connection);
      const dockerfile = Template.fromDockerfileContent('FROM x\nENV A=1 B="2 3"\nCMD foo\nRUN a\n');
      const text = await Template.plan(dockerfile, name, connection);
      const { context } = await Template.inspectBuildContext(builder, name);
      return {
        good: [good.valid, good.errors],
        bad: [bad.valid, bad.errors[0]!.code, bad.errors[0]!.message.includes("Not An Image")],
        plan: [plan.build_backend, plan.source_type, plan.requires_base_image_auth, plan.build_plan.run_steps],
        manifest: [plan.context_manifest!.file_count, plan.context_manifest!.context_digest !== ""],
        digest: plan.source_digest != null,
        text: [
          text.source_type,
          text.build_plan.base_template,
          text.build_plan.env_assignments,
          text.build_plan.ignored_instruction_warnings,
          text.dockerfile_digest != null,
        ],
        inspected: [context.fileCount, context.totalBytes, context.ignoredCount],
        exists: await Template.exists(name, connection),
      };
    },
    outcome: {
      good: [true, []],
      bad: [false, "invalid_request", true],
      plan: ["native", "declarative", false, ["ls"]],
      manifest: [2, true],
      digest: true,
      text: [
        "dockerfile",
        "x",
        [
          ["A", "1"],
          ["B", "2 3"],
        ],
        [{ instruction: "CMD", line: 3 }],
        true,
      ],
      inspected: [2, 36, 0],
      exists: false,
    },
  },
  {
    name: "a template stands on another, and on the one that comes with the service",
    python: `
base = Template.build(Template.from_template("base").run_cmd("echo below > /below"), NAME + ":v1")
plain = Template.build(Template.from_template("local/" + NAME + ":v1"), NAME + "-plain").get_status().build
exact = Template.build(Template.from_template(base.id).run_cmd("cat /below"), NAME + "-exact").get_status().build
answer = {
    "sources": [base.get_status().build.source_type.value, plain.source_type.value, exact.source_type.value],
    "image": Template.build(Template.from_image(BASE), NAME + "-image").get_status().build.source_type.value,
    "missing": refused(lambda: Template.build(Template.from_template("local/" + NAME + ":none"), NAME)),
}`,
    ours: async ({ name, connection }) => {
      const build = async (template: Parameters<typeof Template.build>[0], as: string) =>
        Template.build(template, as, connection);
      const base = await build(Template.fromTemplate("base").runCmd("echo below > /below"), `${name}:v1`);
      const plain = await build(Template.fromTemplate(`local/${name}:v1`), `${name}-plain`);
      const exact = await build(Template.fromTemplate(base.templateId).runCmd("cat /below"), `${name}-exact`);
      return {
        sources: [base, plain, exact].map(({ info }) => info.source_type),
        image: (await build(Template.fromImage(BASE_IMAGE), `${name}-image`)).info.source_type,
        missing: await refused(() => build(Template.fromTemplate(`local/${name}:none`), name)),
      };
    },
    outcome: {
      sources: ["declarative", "template_base", "declarative"],
      image: "oci_import",
      missing: "NotFoundError template_not_found",
    },
  },
];
