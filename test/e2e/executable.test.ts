import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readContext } from "../../sdk/context/index.ts";
import { TraceCollector } from "../trace-collector.ts";
import { PluginProcess } from "../unit/provider/plugin-client.ts";
import { describeLifecycle } from "./support/lifecycle.ts";
import { PluginRelease } from "./support/plugin-release.ts";
import { repo } from "./support/pulumi-project.ts";

let release: PluginRelease;
beforeAll(async () => void (release = await PluginRelease.build()));
afterAll(() => release?.[Symbol.asyncDispose]());

/** An empty folder, without packages, and an environment without Node. */
async function withPlugin<T>(
  env: Record<string, string>,
  use: (plugin: PluginProcess, cwd: string) => Promise<T>,
): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), "nullspace-executable-"));
  try {
    const settings = { PATH: "", NULLSPACE_API_KEY: "k", NULLSPACE_API_URL: "http://127.0.0.1:9", ...env };
    await using plugin = await PluginProcess.start({ cwd, env: settings, node: release.program, program: [] });
    return await use(plugin, cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

describe("the archive of the plugin", () => {
  it("has the name that the CLI asks for, and the executable at its top", () => {
    const [os, arch] = [process.platform, process.arch === "x64" ? "amd64" : process.arch];
    expect(basename(release.archive)).toBe(`pulumi-resource-nullspace-v${release.version}-${os}-${arch}.tar.gz`);
    const names = execFileSync("tar", ["-tzf", release.archive], { encoding: "utf8" }).trim().split("\n");
    expect(names).toEqual(["pulumi-resource-nullspace", "LICENSE", "LICENSES.txt", "README.md"]);
    const licenses = execFileSync("tar", ["-xzOf", release.archive, "LICENSES.txt"], { encoding: "utf8" });
    for (const part of ["undici 7", "@grpc/grpc-js 1", "Node.js is licensed for use as follows"])
      expect(licenses).toContain(part);
  });

  it("has a checksum that sha256sum finds right", () => {
    const checked = execFileSync("sha256sum", ["--check", "SHA256SUMS"], { cwd: release.folder, encoding: "utf8" });
    expect(checked).toContain(`${basename(release.archive)}: OK`);
  });

  it("comes with a list of what is inside that is CycloneDX, and names Node and the libraries", () => {
    const text = readFileSync(join(release.folder, `pulumi-resource-nullspace-v${release.version}.cdx.json`), "utf8");
    const sbom = JSON.parse(text) as {
      metadata: { component: unknown };
      components: { name: string; group?: string; version: string }[];
    };
    const { errors, isValid } = validateSbom(sbom);
    expect({ isValid, errors }).toEqual({ isValid: true, errors: null });
    expect(sbom.metadata.component).toMatchObject({ name: "pulumi-resource-nullspace", version: release.version });
    const parts = sbom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect(parts).toEqual(expect.arrayContaining(["node", "undici", "zod", "@grpc/grpc-js", "@pulumi/pulumi"]));
    // Of no use at run time, and therefore not inside.
    expect(parts).not.toContain("esbuild");
    expect(text).not.toContain(repo);
  });
});

describe("the plugin as one executable", { timeout: 60_000 }, () => {
  it("starts where there is no Node, whatever NODE_OPTIONS asks for, and says its version", () => {
    const env = { PATH: "", NODE_OPTIONS: "--require=/nowhere/at-all.js" };
    const printed = execFileSync(release.program, ["--version"], { env, cwd: "/", encoding: "utf8" });
    expect(printed).toBe(`${release.version}\n`);
  });

  it("has the schema inside", async () => {
    const schema = await withPlugin({}, (plugin) =>
      plugin.call<InstanceType<typeof providerProto.GetSchemaResponse>>((done) =>
        plugin.client.getSchema(new providerProto.GetSchemaRequest(), done),
      ),
    );
    expect(schema.getSchema()).toBe(readFileSync(join(repo, "schema.json"), "utf8"));
  });

  it("reads a large context with its threads, to the hash that the sources give", async () => {
    await withPlugin({}, async (plugin, cwd) => {
      for (let index = 0; index < 3_000; index++) {
        const folder = join(cwd, "app", `d${index % 30}`);
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `f${index}.txt`), `file ${index}\n`.repeat(40));
      }
      writeFileSync(join(cwd, "app", "Dockerfile"), "FROM scratch\nCOPY . /\n");
      await plugin.configure({});
      const { inputs, failures } = await plugin.check("Template", { name: "web", context: "./app" });
      expect(failures).toEqual([]);
      expect(inputs.contextHash).toBe((await readContext({ dir: join(cwd, "app") })).hash);
    });
  });

  it("tells its traces over OTLP's usual protocol, and says so where another is asked for", async () => {
    await using collector = await TraceCollector.start();
    const tag = { template: "local/web", tag: "stable", buildId: "tb_1" };
    // What it has to tell is sent before it ends.
    await withPlugin(collector.env, (plugin) => plugin.check("TemplateTag", tag));
    expect(collector.spans.map(({ name }) => name)).toEqual(["nullspace.TemplateTag check"]);
    await withPlugin({ ...collector.env, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, async (plugin) => {
      await plugin.check("TemplateTag", tag);
      const said = () => plugin.log.map(({ message }) => message).join("\n");
      const reason = /executable has the exporter for http\/protobuf alone.*OTEL_EXPORTER_OTLP_PROTOCOL/s;
      await expect.poll(said, { timeout: 30_000 }).toMatch(reason);
    });
    expect(collector.spans).toHaveLength(1);
  });
});

describeLifecycle({
  name: "plugin as one executable, downloaded by the CLI,",
  module: "pulumi-nullspace/native",
  installPlugin: (project) => release.install(project),
});

/** By the schema that CycloneDX publishes, in the package of its library. */
function validateSbom(sbom: object) {
  const require = createRequire(import.meta.url);
  const library = dirname(require.resolve("@cyclonedx/cyclonedx-library/package.json"));
  const schema = (name: string) => JSON.parse(readFileSync(join(library, "res", "schema", name), "utf8")) as object;
  const ajv = new Ajv({ strict: false, validateFormats: false });
  addFormats.default(ajv);
  ajv.addSchema(schema("spdx.SNAPSHOT.schema.json"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
  ajv.addSchema(schema("jsf-0.82.SNAPSHOT.schema.json"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
  const validate = ajv.compile(schema("bom-1.6.SNAPSHOT.schema.json"));
  return { isValid: validate(sbom), errors: validate.errors ?? null };
}
