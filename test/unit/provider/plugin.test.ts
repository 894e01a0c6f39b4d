import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import type pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detailsOf, errorOf, PluginProcess, struct, urn } from "./plugin-client.ts";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const { Kind } = providerProto.PropertyDiff;
const { DiffChanges } = providerProto.DiffResponse;

describe("the plugin, called as the engine calls it", { timeout: 30_000 }, () => {
  let cwd: string;
  let plugin: PluginProcess;

  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), "nullspace-plugin-"));
    mkdirSync(join(cwd, "app"));
    writeFileSync(join(cwd, "app", "Dockerfile"), "FROM scratch\n");
    writeFileSync(join(cwd, "app", "a b.txt"), "text\n");
    plugin = await PluginProcess.start({
      cwd,
      env: { NULLSPACE_API_KEY: "ns_live_test", NULLSPACE_API_URL: "http://127.0.0.1:9" },
    });
    await plugin.configure({});
  }, 30_000);
  afterAll(async () => {
    await plugin?.[Symbol.asyncDispose]();
    rmSync(cwd, { recursive: true, force: true });
  });

  const template = (more: Record<string, unknown> = {}) => ({ name: "web", context: "./app", ...more });

  it("shakes hands", async () => {
    const request = new providerProto.ProviderHandshakeRequest();
    const response = await plugin.call<InstanceType<typeof providerProto.ProviderHandshakeResponse>>((done) =>
      plugin.client.handshake(request, done),
    );
    expect(response.toObject()).toMatchObject({ acceptSecrets: true, acceptOutputs: false, acceptResources: false });
  });

  it("tells its version and its schema", async () => {
    const info = await plugin.call<InstanceType<typeof pluginProto.PluginInfo>>((done) =>
      plugin.client.getPluginInfo(new emptyProto.Empty(), done),
    );
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8"));
    expect(info.getVersion()).toBe(version);
    const schema = await plugin.call<InstanceType<typeof providerProto.GetSchemaResponse>>((done) =>
      plugin.client.getSchema(new providerProto.GetSchemaRequest(), done),
    );
    expect(JSON.parse(schema.getSchema())).toMatchObject({ name: "nullspace", version });
  });

  describe("its configuration", () => {
    const checkConfig = async (news: Record<string, unknown>) => {
      const request = new providerProto.CheckRequest();
      request.setUrn("urn:pulumi:dev::test::pulumi:providers:nullspace::default");
      request.setNews(struct(news));
      const response = await plugin.call<InstanceType<typeof providerProto.CheckResponse>>((done) =>
        plugin.client.checkConfig(request, done),
      );
      return {
        inputs: response.getInputs()?.toJavaScript(),
        failures: response.getFailuresList().map((failure) => failure.toObject()),
      };
    };

    it("takes nothing from the environment into the state", async () => {
      expect(await checkConfig({ version: "0.1.0" })).toEqual({ inputs: { version: "0.1.0" }, failures: [] });
    });

    it("keeps the key a secret", async () => {
      const { inputs } = await checkConfig({ apiKey: "ns_live_x" });
      expect(inputs).toEqual({ apiKey: { ...SECRET, value: "ns_live_x" } });
    });

    it("names a setting that there is not, and an address that is none", async () => {
      expect((await checkConfig({ apikey: "x" })).failures).toEqual([
        { property: "apikey", reason: 'the provider has no setting "apikey": did you mean "apiKey"?' },
      ]);
      expect((await checkConfig({ apiUrl: "localhost" })).failures).toEqual([
        { property: "apiUrl", reason: '"localhost": must be an address such as http://localhost:3000' },
      ]);
    });

    const diffConfig = async (olds: Record<string, unknown>, news: Record<string, unknown>) => {
      const request = new providerProto.DiffRequest();
      request.setOldInputs(struct(olds));
      request.setNews(struct(news));
      const response = await plugin.call<InstanceType<typeof providerProto.DiffResponse>>((done) =>
        plugin.client.diffConfig(request, done),
      );
      return response.toObject();
    };

    it("replaces nothing for another address or key, and never looks at the version", async () => {
      expect(await diffConfig({ apiUrl: "http://a" }, { apiUrl: "http://b" })).toMatchObject({
        changes: DiffChanges.DIFF_SOME,
        replacesList: [],
        diffsList: ["apiUrl"],
      });
      expect(await diffConfig({ apiKey: "a" }, { apiKey: "b" })).toMatchObject({
        changes: DiffChanges.DIFF_SOME,
        replacesList: [],
        diffsList: ["apiKey"],
      });
      expect(await diffConfig({ version: "1.0.0" }, { version: "2.0.0" })).toMatchObject({
        changes: DiffChanges.DIFF_NONE,
      });
    });

    it("names the key that is missing, in the form that the engine turns into a command", async () => {
      await using bare = await PluginProcess.start({ cwd, env: {} });
      const error = await errorOf(bare.configure({}));
      const [detail] = detailsOf(error);
      expect(detail?.typeName).toBe("pulumirpc.ConfigureErrorMissingKeys");
      const missing = providerProto.ConfigureErrorMissingKeys.deserializeBinary(detail!.bytes).toObject();
      expect(missing.missingkeysList).toMatchObject([
        { name: "nullspace:apiKey", description: expect.stringContaining("NULLSPACE_API_KEY") },
      ]);
    });
  });

  describe("Check", () => {
    it("fills in the hash, the manifest and the defaults", async () => {
      const { inputs, failures } = await plugin.check("Template", template());
      expect(failures).toEqual([]);
      expect(inputs).toMatchObject({
        contextHash: expect.stringMatching(/^h1:[0-9a-f]{64}$/),
        contextFiles: { "a b.txt": expect.any(String), Dockerfile: expect.any(String) },
        vcpus: 2,
        memoryMib: 512,
        tags: ["default"],
        visibility: "private",
      });
    });

    it("keeps secrets secret, in their places", async () => {
      const { inputs } = await plugin.check(
        "Template",
        template({ env: { TOKEN: { ...SECRET, value: "abc" }, PLAIN: "x" }, buildSecrets: { t: "plain" } }),
      );
      expect(inputs.env).toEqual({ TOKEN: { ...SECRET, value: "abc" }, PLAIN: "x" });
      expect(inputs.buildSecrets).toEqual({ ...SECRET, value: { t: "plain" } });
    });

    it("has no hash yet when an input of the context is unknown, and takes other unknown inputs as they are", async () => {
      const unknownContext = await plugin.check("Template", template({ context: UNKNOWN }));
      expect(unknownContext).toMatchObject({
        failures: [],
        inputs: { context: UNKNOWN, contextHash: UNKNOWN, contextFiles: UNKNOWN },
      });
      const unknownEnv = await plugin.check("Template", template({ env: { A: UNKNOWN } }));
      expect(unknownEnv).toMatchObject({
        failures: [],
        inputs: { env: { A: UNKNOWN }, contextHash: expect.stringMatching(/^h1:/) },
      });
    });

    it.each([
      [
        "no Dockerfile",
        { dockerfile: "Nope" },
        "dockerfile",
        /no Dockerfile at .*\/app\/Nope: create it, or set dockerfile/,
      ],
      ["no context", { context: "./nowhere" }, "context", /there is no folder .*\/nowhere/],
      ["a context that is a file", { context: "./app/Dockerfile" }, "context", /is not a folder/],
      ["two Dockerfiles", { dockerfile: "Dockerfile", dockerfileContent: "FROM x" }, "dockerfileContent", /not both/],
      ["a malformed pattern", { ignorePatterns: ["[a-"] }, "ignorePatterns", /malformed/],
      ["a bad name", { name: "Not A Name" }, "name", /"Not A Name": must be 1 to 128 characters/],
      ["an unknown input", { startCommand: "x" }, "startCommand", /did you mean "startCmd"/],
      ["a wrong type", { vcpus: "two" }, "vcpus", /number/],
    ])("names the property for %s", async (_what, more, property, reason) => {
      const { failures } = await plugin.check("Template", template(more));
      const [failure, ...others] = failures;
      expect(others).toEqual([]);
      // The engine prints the value of a property that is named apart: of a whole object or an unknown one, it must not.
      expect(`${failure!.property}${failure!.reason}`).toContain(property);
      expect(failure!.reason).toMatch(reason);
    });

    it("compares a pool's sizes and asks for the tag to follow", async () => {
      const pool = { name: "p", template: "local/web", minReady: 3, maxReady: 2, versionPolicy: "track_tag" };
      expect((await plugin.check("WarmPool", pool)).failures).toEqual([
        { property: "maxReady", reason: "2 is less than minReady, 3" },
        { property: "trackTag", reason: expect.stringContaining("set trackTag") },
      ]);
    });

    it("refuses a tag's template with a tag of its own", async () => {
      const inputs = { template: "local/web:stable", tag: "stable", buildId: "tb_1" };
      expect((await plugin.check("TemplateTag", inputs)).failures).toEqual([
        { property: "template", reason: expect.stringContaining('without ":stable"') },
      ]);
    });

    it("leaves a pinned hash alone, and the manifest that belongs to it", async () => {
      const { inputs: olds } = await plugin.check("Template", template());
      writeFileSync(join(cwd, "app", "later.txt"), "later\n");
      try {
        const pinned = await plugin.check("Template", template({ contextHash: olds.contextHash }), olds);
        expect(pinned.inputs).toMatchObject({ contextHash: olds.contextHash, contextFiles: olds.contextFiles });
        const unpinned = await plugin.check("Template", template(), olds);
        expect(unpinned.inputs.contextHash).not.toBe(olds.contextHash);
      } finally {
        rmSync(join(cwd, "app", "later.txt"));
      }
    });
  });

  describe("Diff", () => {
    const olds = {
      name: "web",
      context: "./app",
      contextHash: "h1:1",
      contextFiles: { "a b.txt": "1", gone: "2" },
      env: { A: "1" },
      tags: ["a", "b"],
    };

    it("names the files behind a changed hash", async () => {
      const news = { ...olds, contextHash: "h1:2", contextFiles: { "a b.txt": "9", added: "3" } };
      const diff = await plugin.diff("Template", olds, news);
      expect(diff).toMatchObject({ changes: DiffChanges.DIFF_SOME, hasdetaileddiff: true, replacesList: [] });
      expect(Object.fromEntries(diff.detaileddiffMap)).toEqual({
        contextHash: { kind: Kind.UPDATE, inputdiff: true },
        'contextFiles["a b.txt"]': { kind: Kind.UPDATE, inputdiff: true },
        "contextFiles.gone": { kind: Kind.DELETE, inputdiff: true },
        "contextFiles.added": { kind: Kind.ADD, inputdiff: true },
      });
      expect(diff.diffsList.sort()).toEqual(["contextFiles", "contextHash"]);
    });

    it("sees no change in where the context lies, nor in the order of tags, nor in defaults of a newer version", async () => {
      const news = { ...olds, context: "/elsewhere", dockerfile: "../D", contextFiles: {}, tags: ["b", "a"], vcpus: 2 };
      expect(await plugin.diff("Template", olds, news)).toMatchObject({
        changes: DiffChanges.DIFF_NONE,
        detaileddiffMap: [],
      });
    });

    it("updates in place for a name, and replaces for another tag", async () => {
      expect(await plugin.diff("Template", olds, { ...olds, name: "other" })).toMatchObject({
        replacesList: [],
        diffsList: ["name"],
        stablesList: ["namespace"],
      });
      const tag = { template: "local/web", tag: "a", buildId: "tb_1" };
      const retagged = await plugin.diff("TemplateTag", tag, { ...tag, tag: "b", buildId: "tb_2" });
      expect(retagged).toMatchObject({ replacesList: ["tag"], deletebeforereplace: false });
      expect(Object.fromEntries(retagged.detaileddiffMap)).toEqual({
        tag: { kind: Kind.UPDATE_REPLACE, inputdiff: true },
        buildId: { kind: Kind.UPDATE, inputdiff: true },
      });
    });

    it("moves an alias in place, and makes one of another name before the old one goes", async () => {
      const alias = { template: "local/web", alias: "site" };
      const moved = await plugin.diff("TemplateAlias", alias, { ...alias, template: "local/other" });
      expect(moved).toMatchObject({ diffsList: ["template"], replacesList: [] });
      const renamed = await plugin.diff("TemplateAlias", alias, { ...alias, alias: "page" });
      expect(renamed).toMatchObject({ replacesList: ["alias"], deletebeforereplace: false });
    });

    it("honours ignoreChanges", async () => {
      const news = { ...olds, contextHash: "h1:2", env: { A: "2", B: "3" } };
      const diff = await plugin.diff("Template", olds, news, ["contextHash", "contextFiles", "env.A"]);
      expect(diff.detaileddiffMap.map(([path]) => path)).toEqual(["env.B"]);
    });

    it("takes an unknown hash for a change", async () => {
      const diff = await plugin.diff("Template", olds, { ...olds, contextHash: UNKNOWN, contextFiles: UNKNOWN });
      expect(diff.diffsList.sort()).toEqual(["contextFiles", "contextHash"]);
    });
  });

  it("promises in a preview what is certain, and leaves the rest unknown", async () => {
    const { inputs } = await plugin.check("Template", template());
    const created = await plugin.create("Template", inputs, { preview: true });
    expect(created.getProperties()?.toJavaScript()).toEqual(inputs);

    const request = new providerProto.UpdateRequest();
    request.setUrn(urn("Template"));
    request.setId("local/web");
    request.setPreview(true);
    const outputs = { ...inputs, canonicalRef: "local/web", namespace: "local", buildId: "tb_1", templateId: "tmpl_1" };
    request.setOldInputs(struct(inputs));
    request.setOlds(struct(outputs));
    const update = async (news: Record<string, unknown>) => {
      request.setNews(struct(news));
      const response = await plugin.call<InstanceType<typeof providerProto.UpdateResponse>>((done) =>
        plugin.client.update(request, done),
      );
      return response.getProperties()?.toJavaScript() as Record<string, unknown>;
    };
    const rebuilt = await update({ ...inputs, env: { A: "1" } });
    expect(rebuilt).toMatchObject({ canonicalRef: "local/web", namespace: "local" });
    expect(rebuilt).not.toHaveProperty("buildId");
    expect(await update({ ...inputs, name: "other", tags: ["x"] })).toMatchObject({
      canonicalRef: "local/other",
      buildId: "tb_1",
      templateId: "tmpl_1",
    });
  });

  it("says what to start when the service is down, with a code that leaves the state as it is", async () => {
    const { inputs } = await plugin.check("Template", template());
    const error = await errorOf(plugin.create("Template", inputs));
    expect(error.code).toBe(grpc.status.UNAVAILABLE);
    expect(error.details).toContain("http://127.0.0.1:9");
    expect(error.details).toContain("nullspace-local serve");
    expect((await errorOf(plugin.read("Template", "local/web"))).code).toBe(grpc.status.UNAVAILABLE);
  });

  it("says which types it has when asked for another", async () => {
    const error = await errorOf(plugin.check("Tempalte", {}));
    expect(error.code).toBe(grpc.status.NOT_FOUND);
    expect(error.details).toContain("Template, TemplateAlias, TemplateTag, WarmPool");
  });

  it("says which functions it has when asked for another, and what is wrong with an argument", async () => {
    const invoke = (name: string, args: Record<string, unknown>) => {
      const request = new providerProto.InvokeRequest();
      request.setTok(`nullspace:index:${name}`);
      request.setArgs(struct(args));
      return plugin.call<InstanceType<typeof providerProto.InvokeResponse>>((done) =>
        plugin.client.invoke(request, done),
      );
    };
    expect(await errorOf(invoke("getTemplat", {}))).toMatchObject({
      code: grpc.status.NOT_FOUND,
      details:
        "there is no function getTemplat in this provider: it has getBuild, getTemplate, getTemplates, getWarmPool",
    });
    const { failuresList } = (await invoke("getTemplate", { template: "Not A Name" })).toObject();
    expect(failuresList).toEqual([
      { property: "template", reason: expect.stringContaining("not a template reference") },
    ]);
  });

  it("ends a call that waits for the service when it is told to cancel", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      await using other = await PluginProcess.start({
        cwd,
        env: { NULLSPACE_API_KEY: "k", NULLSPACE_API_URL: `http://127.0.0.1:${port}` },
      });
      await other.configure({});
      const { inputs } = await other.check("Template", template());
      const asked = new Promise((resolve) => silent.once("request", resolve));
      const ended = errorOf(other.create("Template", inputs));
      await asked;
      await other.cancel();
      expect(await ended).toMatchObject({ code: grpc.status.CANCELLED, details: expect.stringMatching(/stopped by/) });
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it("ends on a signal", async () => {
    const other = await PluginProcess.start({ cwd, env: { NULLSPACE_API_KEY: "k" } });
    const ended = new Promise((resolve) => other.process.once("exit", (code) => resolve(code)));
    other.process.kill("SIGINT");
    expect(await ended).toBe(0);
    await other[Symbol.asyncDispose]();
  });
});
