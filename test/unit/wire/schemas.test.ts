import { describe, expect, it } from "vitest";
import * as z from "zod";
import * as wire from "../../../sdk/wire/index.ts";

const AT = "2026-01-02T03:04:05Z";
const build = {
  build_id: "tb_1",
  template_id: "tmpl_1",
  name: "n",
  tags: [],
  status: "waiting",
  created_at: AT,
  updated_at: AT,
};
const log = {
  build_id: "tb_1",
  template_id: "tmpl_1",
  offset: 0,
  timestamp: AT,
  kind: "message",
  level: "info",
  message: "m",
};
const pool = { name: "p", template_ref: "web", min_ready: 1, max_ready: 2, resources: { vcpus: 1, memory_mb: 256 } };

/** What is wrong, as the service says it. */
function problems(schema: z.ZodType, value: unknown): string {
  const parsed = schema.safeParse(value);
  return parsed.success ? "" : wire.formatIssues(parsed.error);
}

describe("schemas", () => {
  it("all have a JSON Schema, as requests and as answers", () => {
    const schemas = Object.values<unknown>(wire).filter((value) => value instanceof z.ZodType);
    expect(schemas.length).toBeGreaterThan(50);
    for (const schema of schemas) {
      for (const io of ["input", "output"] as const) expect(z.toJSONSchema(schema, { io })).toBeTypeOf("object");
    }
  });
});

describe("answers", () => {
  it.each<[string, z.ZodType, unknown]>([
    ["TemplateBuild", wire.TemplateBuild, build],
    ["StatusSnapshot", wire.StatusSnapshot, { build, entries: [log], next_offset: 0 }],
    ["BuildList", wire.BuildList, { builds: [] }],
    ["ValidationResponse", wire.ValidationResponse, { valid: true }],
    ["PlanResponse", wire.PlanResponse, { build_plan: {}, requires_base_image_auth: false }],
    ["LogEntry", wire.LogEntry, log],
    ["TemplateInfo", wire.TemplateInfo, {}],
    ["NameClaim", wire.NameClaim, { claim_token: "t", canonical_ref: "a/b", expires_at: AT }],
    ["NamespaceInfo", wire.NamespaceInfo, { slug: "a", kind: "user", is_default: true }],
    ["WarmPool", wire.WarmPool, { id: "twp_1" }],
    [
      "Machine",
      wire.Machine,
      { id: "mch_1", status: "running", config: { vcpus: 1, memory_mb: 256 }, template: "n", created_at: AT },
    ],
    ["ExecResult", wire.ExecResult, { exit_code: 0, stdout: "", stderr: "" }],
  ])("%s is read from the smallest one that the published client accepts", (_name, schema, smallest) => {
    expect(problems(schema, smallest)).toBe("");
  });

  it("keep unknown members and unknown enum values", () => {
    const parsed = wire.LogEntry.parse({ ...log, kind: "omen", phase: "dusk", later: { a: 1 } });
    expect(parsed).toMatchObject({ kind: "omen", phase: "dusk", later: { a: 1 } });
  });
});

describe("requests", () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ["no source", wire.CreateTemplateRequest, { name: "web" }, "base_image: give a base_image or a dockerfile"],
    [
      "two sources",
      wire.CreateTemplateRequest,
      { dockerfile: "FROM a", base_image: "a" },
      "base_image: a dockerfile names its own base",
    ],
    [
      "steps beside a Dockerfile",
      wire.CreateTemplateRequest,
      { dockerfile: "FROM a", steps: [{ action: "skip_cache" }] },
      "steps: a dockerfile holds its own steps",
    ],
    [
      "a native Dockerfile",
      wire.CreateTemplateRequest,
      { dockerfile: "FROM a", build_backend: "native" },
      "build_backend: native does not build a dockerfile",
    ],
    ["no tags", wire.CreateTemplateRequest, { base_image: "a", tags: [] }, "tags: "],
    ["a tag like a build", wire.CreateTemplateRequest, { base_image: "a", tags: ["tb_1"] }, "tags[0]: must be"],
    [
      "an unknown step",
      wire.CreateTemplateRequest,
      { base_image: "a", steps: [{ action: "dance" }] },
      "steps[0].action: ",
    ],
    [
      "a step with an unknown member",
      wire.CreateTemplateRequest,
      { base_image: "a", steps: [{ action: "skip_cache", x: 1 }] },
      'steps[0]: Unrecognized key: "x"',
    ],
    [
      "a file with two bodies",
      wire.CreateTemplateRequest,
      {
        base_image: "a",
        build_context: { files: [{ path: "a", entry_type: "file", blob_id: "b", content_base64: "" }] },
      },
      "build_context.files[0]: a file needs exactly one",
    ],
    [
      "a secret given twice",
      wire.CreateTemplateRequest,
      {
        base_image: "a",
        build_secrets: [
          { id: "s", value: "v" },
          { id: "s", value: "v" },
        ],
      },
      'build_secrets[1].id: "s" is given twice',
    ],
    [
      "a pool that is smaller than its minimum",
      wire.CreateWarmPoolRequest,
      { ...pool, max_ready: 0 },
      "max_ready: 0 is less than min_ready, 1",
    ],
    [
      "half a placement",
      wire.CreateWarmPoolRequest,
      { ...pool, cell_id: "c" },
      "cell_id: host_pool_id and cell_id go together",
    ],
    ["a promotion to nothing", wire.PromoteRequest, {}, "tag: give a tag, or tags"],
    [
      "an unhashed file",
      wire.PreflightRequest,
      { files: [{ path: "a", entry_type: "file" }] },
      "files[0].sha256: a file needs it",
    ],
    ["a name with a slash", wire.RenameRequest, { new_name: "a/b" }, "new_name: must be"],
    ["a claim of a tag", wire.ClaimNameRequest, { template_ref: "a:b" }, "template_ref: must be"],
  ])("with %s are refused, naming the property", (_name, schema, value, text) => {
    expect(problems(schema, value)).toContain(text);
  });

  it.each([
    "/etc/passwd",
    "../x",
    "a/../b",
    "a/..",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "",
    ".",
    "..",
    "a\u0000b",
    "a\n/../b",
  ])("with the context path %j are refused", (path) => expect(problems(wire.ContextPath, path)).not.toBe(""));

  it.each(["a", "a/b", ".git/x", "..a/b..", "a b/ü/名", "a\\b", "a\nb"])("with the context path %j are taken", (path) =>
    expect(problems(wire.ContextPath, path)).toBe(""),
  );

  it("of a machine may carry the nulls that the published client sends", () => {
    const request = {
      template: "web",
      vcpus: 2,
      memory_mb: 512,
      timeout_ms: 300_000,
      auto_resume: false,
      envs: {},
      metadata: {},
      internet_access: true,
      cwd: null,
      desktop: null,
      network: null,
      volumes: null,
    };
    expect(problems(wire.CreateMachineRequest, request)).toBe("");
  });

  it("say only the first problems of a body with many", () => {
    const files = Array.from({ length: 1_000 }, () => ({ path: "", entry_type: "dir" }));
    expect(problems(wire.PreflightRequest, { files })).toMatch(/; and 995 more$/);
  });
});

describe("texts that end up in a command or in a Dockerfile", () => {
  const request = (more: object) => wire.CreateTemplateRequest.safeParse({ base_image: "a", ...more }).success;

  it.each(["A; evil", "A B", "1A", "A-B", "A\nB", "", "$(x)"])("are no variable of a build called %j", (name) => {
    expect(request({ build_envs: { [name]: "1" } })).toBe(false);
  });

  it("may be any value of a variable", () => {
    expect(request({ build_envs: { A_1: "'; evil\n$(x)" } })).toBe(true);
  });

  it.each(["a\nRUN evil", "a\r", "a\u2028b", "a\u0085"])("are no user and no folder called %j", (text) => {
    expect(request({ steps: [{ action: "user", user: text }] })).toBe(false);
    expect(request({ steps: [{ action: "workdir", path: text }] })).toBe(false);
    expect(request({ steps: [{ action: "run", command: "x", user: text }] })).toBe(false);
    expect(request({ steps: [{ action: "copy", sources: ["a"], dst: "/", user: text }] })).toBe(false);
    expect(request({ runtime_config: { default_user: text } })).toBe(false);
    expect(request({ runtime_config: { default_workdir: text } })).toBe(false);
  });
});
