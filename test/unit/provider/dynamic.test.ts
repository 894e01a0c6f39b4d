import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as dynamic from "../../../provider/dynamic/index.ts";
import { providerText } from "../../../provider/dynamic/provider-text.ts";
import { createStatusOutput, readStatusLine } from "../../../provider/dynamic/status-output.ts";
import * as native from "../../../provider/native/index.ts";
import { DynamicProviderProcess } from "./dynamic-provider-process.ts";
import { errorOf } from "./plugin-client.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const { DiffChanges } = (await import("@pulumi/pulumi/proto/provider_pb.js")).default.DiffResponse;

describe("a dynamic resource in Pulumi's own process", { timeout: 30_000 }, () => {
  let cwd: string;
  let provider: DynamicProviderProcess;
  const __provider = providerText("Template");

  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), "nullspace-dynamic-"));
    symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(cwd, "node_modules"));
    mkdirSync(join(cwd, "app"));
    writeFileSync(join(cwd, "app", "Dockerfile"), "FROM scratch\n");
    provider = await DynamicProviderProcess.start({ cwd, env: {} });
    await provider.configure({ "nullspace:apiKey": "ns_live_from_config", "nullspace:apiUrl": "http://127.0.0.1:9" });
  }, 30_000);
  afterAll(async () => {
    await provider?.[Symbol.asyncDispose]();
    rmSync(cwd, { recursive: true, force: true });
  });

  const args = (more: Record<string, unknown> = {}) => ({ name: "web", context: "./app", __provider, ...more });

  it("is checked by the installed code, with its text kept", async () => {
    const { inputs, failures } = await provider.check(args());
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ __provider, contextHash: expect.stringMatching(/^h1:/), vcpus: 2 });
    expect((await provider.check(args({ startCommand: "x" }))).failures).toEqual([
      { property: "", reason: expect.stringMatching(/^startCommand: .*did you mean "startCmd"/) },
    ]);
  });

  it("has no hash yet when its context is unknown", async () => {
    const { inputs, failures } = await provider.check(args({ context: UNKNOWN }));
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ context: UNKNOWN, contextHash: UNKNOWN });
  });

  it("leaves the comparison to the engine when something changed, and says so when nothing did", async () => {
    const { inputs } = await provider.check(args());
    const outputs = { ...inputs, buildId: "tb_1", canonicalRef: "local/web" };
    expect(await provider.diff(outputs, inputs)).toMatchObject({ changes: DiffChanges.DIFF_NONE });
    expect(await provider.diff(outputs, { ...inputs, context: "/elsewhere" })).toMatchObject({
      changes: DiffChanges.DIFF_NONE,
    });
    expect(await provider.diff(outputs, { ...inputs, contextHash: "h1:2" })).toMatchObject({
      changes: DiffChanges.DIFF_UNKNOWN,
      replacesList: [],
    });
  });

  it("is updated when its state is the plugin's, so that the state names what deletes it", async () => {
    const { inputs } = await provider.check(args());
    const { __provider: _dynamic, ...others } = inputs;
    const native = { ...others, buildId: "tb_1", canonicalRef: "local/web" };
    expect(await provider.diff(native, inputs)).toMatchObject({ changes: DiffChanges.DIFF_SOME, replacesList: [] });
  });

  it("replaces for a value that differs, not for one that is unknown in a preview", async () => {
    const tag = { __provider: providerText("TemplateTag"), template: "local/web", tag: "a", buildId: "tb_1" };
    expect(await provider.diff(tag, { ...tag, tag: "b" })).toMatchObject({ replacesList: ["tag"] });
    expect(await provider.diff(tag, { ...tag, template: UNKNOWN })).toMatchObject({
      changes: DiffChanges.DIFF_UNKNOWN,
      replacesList: [],
    });
  });

  describe("that is passed the outputs of another one which will be updated, all of them unknown in a preview", () => {
    const marks = { web: "0".repeat(20), stable: "1".repeat(20) };
    const tagText = providerText("TemplateTag");
    const web = (more: Record<string, unknown> = {}) => args({ visibility: "private", __mark: marks.web, ...more });
    /** The tag's comparison after that of the template, of which the program has it take two outputs. */
    async function compareTag(
      change: Record<string, unknown>,
      { passed = true, isMadeAnew = false }: { passed?: boolean; isMadeAnew?: boolean } = {},
    ) {
      const { inputs: before } = await provider.check(web());
      const outputs = {
        ...before,
        buildId: "tb_1",
        templateId: "tmpl_1",
        namespace: "local",
        canonicalRef: "local/web",
      };
      const { inputs: after } = await provider.check(web(change), before);
      await provider.diff(outputs, after);
      if (isMadeAnew) await provider.check(web(change));
      const unknown = { template: UNKNOWN, buildId: UNKNOWN, tag: "a", __provider: tagText, __mark: marks.stable };
      const origin = { template: [marks.web, "canonicalRef"], buildId: [marks.web, "buildId"] };
      const { inputs } = await provider.check({ ...unknown, ...(passed && { __passed: origin }) });
      expect(inputs).not.toHaveProperty("__passed");
      const known = {
        ...inputs,
        template: "local/web",
        buildId: "tb_1",
        ref: "local/web:a",
        canonicalRef: "local/web",
      };
      return provider.diff(known, inputs);
    }

    it("is left alone where the update is certain to leave these as they are", async () => {
      expect(await compareTag({ visibility: "public" })).toMatchObject({ changes: DiffChanges.DIFF_NONE });
    });

    it("changes where they are not certain, not the program's to pass as they are, or of what is made anew", async () => {
      const changes = { changes: DiffChanges.DIFF_UNKNOWN };
      expect(await compareTag({ contextHash: `h1:${"0".repeat(64)}` })).toMatchObject(changes);
      expect(await compareTag({ visibility: "public" }, { passed: false })).toMatchObject(changes);
      expect(await compareTag({ visibility: "public" }, { isMadeAnew: true })).toMatchObject(changes);
    });
  });

  it("takes key and address from the stack's configuration, and says what to start", async () => {
    const { inputs } = await provider.check(args());
    const error = await errorOf(provider.create(inputs));
    expect(error.details).toContain("http://127.0.0.1:9");
    expect(error.details).toContain("nullspace-local serve");
    expect(error.details).not.toContain("ns_live_from_config");
  });

  it("names both places for a key when there is none", async () => {
    await using bare = await DynamicProviderProcess.start({ cwd, env: {} });
    await bare.configure({});
    const { inputs } = await bare.check(args());
    const error = await errorOf(bare.create(inputs));
    expect(error.details).toContain("NULLSPACE_API_KEY");
    expect(error.details).toContain("pulumi config set --secret nullspace:apiKey");
  });

  it("says of each resource that a setting is wrong, in a line, and does nothing with the other settings", async () => {
    await using wrong = await DynamicProviderProcess.start({ cwd, env: { NULLSPACE_API_KEY: "k" } });
    await wrong.configure({ "nullspace:apiUrl": "ftp://nowhere" });
    for (let resource = 1; resource <= 2; resource++) {
      expect((await errorOf(wrong.check(args()))).details).toMatch(/nullspace:apiUrl is not valid: "ftp:\/\/nowhere"/);
    }
    expect(wrong.written.join("")).not.toMatch(/^\s+at /m);
  });

  it("ends when nobody reads what it writes: its engine was killed", async () => {
    await using orphan = await DynamicProviderProcess.start({ cwd, env: {} });
    await orphan.configure({ "nullspace:apiKey": "k" });
    const ended = orphan.hangUp();
    // Says a warning, into the pipe of an engine that is no more.
    const warned = { ...args({ buildArgs: { TOKEN: "hunter22" } }), __secrets: ["buildArgs.TOKEN"] };
    await orphan.check(warned).catch(() => undefined);
    await ended;
  });

  it("does not take a service that is down for a resource that is gone", async () => {
    const { inputs } = await provider.check(args());
    await errorOf(provider.read("local/web", { ...inputs, canonicalRef: "local/web" }));
  });
});

describe("the text of a dynamic resource", () => {
  it.each(["Template", "TemplateTag", "TemplateAlias", "WarmPool"])("is constant and small for %s", (type) => {
    expect(providerText(type)).toBe(
      `exports.handler = () => require("pulumi-nullspace/dynamic-runtime").provider("${type}");`,
    );
    expect(providerText(type).length).toBeLessThan(1000);
  });
});

describe.each([
  ["dynamic", dynamic, "pulumi-nodejs:dynamic/nullspace:"],
  ["native", native, "nullspace:index:"],
] as const)("the %s classes", (shell, classes, prefix) => {
  const registered: { type: string; inputs: Record<string, unknown>; id?: string | undefined }[] = [];

  beforeEach(async () => {
    registered.length = 0;
    await pulumi.runtime.setMocks({
      call: ({ inputs }) => inputs,
      newResource: ({ type, name, inputs, id }) => {
        registered.push({ type, inputs, id });
        return { id: id || `${name}-id`, state: { ...inputs, buildId: "tb_1", canonicalRef: "local/web" } };
      },
    });
  });

  const valueOf = <Value>(output: pulumi.Output<Value>) =>
    new Promise<Value>((resolve) => output.apply((value) => resolve(value)));

  it("register their type and give their outputs", async () => {
    const web = new classes.Template("web", { name: "web" });
    expect(await valueOf(web.buildId)).toBe("tb_1");
    expect(await valueOf(web.id)).toBe("web-id");
    expect(registered[0]?.type).toBe(`${prefix}Template`);
    expect(registered[0]?.inputs).toEqual({
      name: "web",
      ...(shell === "dynamic"
        ? {
            __mark: expect.stringMatching(/^[0-9a-f]{20}$/),
            __provider: providerText("Template"),
            __given: [expect.stringMatching(/^[0-9a-f]{16}$/)],
          }
        : {}),
    });
  });

  it("mark secrets", async () => {
    const web = new classes.Template("web", { name: "web", buildSecrets: { token: "abc" } });
    expect(await pulumi.isSecret(web.buildSecrets)).toBe(true);
    expect(await pulumi.isSecret(web.name)).toBe(false);
  });

  it("feed one another", async () => {
    const web = new classes.Template("web", { name: "web" });
    const tag = new classes.TemplateTag("t", { template: web.canonicalRef, tag: "stable", buildId: web.buildId });
    const alias = new classes.TemplateAlias("a", { template: web.canonicalRef, alias: "site" });
    const pool = new classes.WarmPool("p", { name: "p", template: tag.template, minReady: 1, maxReady: 2 });
    expect(await valueOf(pool.template)).toBe("local/web");
    expect(await valueOf(alias.template)).toBe("local/web");
    expect(registered.map(({ type }) => type.replace(prefix, "")).sort()).toEqual([
      "Template",
      "TemplateAlias",
      "TemplateTag",
      "WarmPool",
    ]);
  });

  it("tell which outputs the program passes as they are, where no preview would know them", async () => {
    const web = new classes.Template("web", { name: "web" });
    const made = web.buildId.apply((id) => id);
    const tag = new classes.TemplateTag("t", { template: web.canonicalRef, tag: "stable", buildId: made });
    await valueOf(tag.urn);
    const [first, second] = registered.map(({ inputs }) => inputs);
    const passed = { template: [first?.["__mark"], "canonicalRef"] };
    expect(second?.["__passed"]).toEqual(shell === "dynamic" ? passed : undefined);
    expect(first).not.toHaveProperty("__passed");
  });

  it("know their own, and look one up by its ID", async () => {
    const web = classes.Template.get("web", "local/web");
    expect(await valueOf(web.id)).toBe("local/web");
    expect(classes.Template.isInstance(web)).toBe(true);
    expect(classes.TemplateTag.isInstance(web)).toBe(false);
    expect(classes.Template.isInstance(undefined)).toBe(false);
  });
});

describe("the native provider", () => {
  it("keeps its key a secret", async () => {
    const seen: Record<string, unknown>[] = [];
    await pulumi.runtime.setMocks({
      call: ({ inputs }) => inputs,
      newResource: ({ inputs, type }) => {
        if (type === "pulumi:providers:nullspace") seen.push(inputs);
        return { id: "p", state: inputs };
      },
    });
    const provider = new native.Provider("staging", { apiUrl: "http://s", apiKey: "ns_live_x" });
    await new Promise<void>((resolve) => provider.urn.apply(() => resolve()));
    expect(seen).toEqual([{ apiUrl: "http://s", apiKey: expect.anything() }]);
    expect(native.Provider.isInstance(provider)).toBe(true);
  });
});

describe("progress on standard output", () => {
  it("is thinned out, unlike what is there to stay", () => {
    const lines: string[] = [];
    const log = createStatusOutput("Template web", (line) => lines.push(line));
    log("info", "one", { ephemeral: true });
    log("info", "two", { ephemeral: true });
    log("warning", "three");
    log("debug", "four");
    expect(lines).toEqual(["Template web: one\n", "Template web: warning: three\n"]);
  });

  it("are read back as what they are", () => {
    const lines: string[] = [];
    const write = (name: string) => createStatusOutput(name, (line) => lines.push(line));
    write("Template web")("warning", "a: b");
    write("TemplateTag")("info", "c");
    expect(lines.map((line) => readStatusLine(line, ["Template", "TemplateTag"]))).toEqual([
      { type: "Template", name: "web", severity: "warning", message: "a: b" },
      { type: "TemplateTag", severity: "info", message: "c" },
    ]);
    expect(readStatusLine("Listening: 8080", ["Template"])).toBeUndefined();
  });
});
