import { randomBytes } from "node:crypto";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BuildOptions, parseImageRef } from "../../../sdk/docker/index.ts";
import { buildFixture } from "./build-fixture.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "./buildkit-daemon.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";
import { onFreshDaemon } from "./fresh-daemon.ts";

const { engine, folder } = buildFixture();
const { registry } = parseImageRef(BASE_IMAGE);
let daemon: BuildKitDaemonProcess;
let builder: { address: string };

beforeAll(async () => {
  daemon = await startBuildKitDaemon();
  builder = { address: daemon.address };
});
afterAll(() => daemon[Symbol.asyncDispose]());

/** A name on the registry of the tests. */
function remoteName(): string {
  return `${registry}/nullspace-test/${randomBytes(6).toString("hex")}:1`;
}

/** A manifest or index, as the registry has it. */
async function manifestOf(name: string, reference: string): Promise<Manifest> {
  const { repository } = parseImageRef(name);
  const accept = ["index", "manifest"].map((kind) => `application/vnd.oci.image.${kind}.v1+json`);
  const answer = await fetch(`http://${registry}/v2/${repository}/manifests/${reference}`, {
    headers: { accept: [...accept, "application/vnd.docker.distribution.manifest.list.v2+json"].join(", ") },
  });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Manifest;
}

interface Manifest {
  manifests?: { digest: string; platform: { architecture: string }; annotations?: Record<string, string> }[];
  layers?: { annotations?: Record<string, string> }[];
}

function pushed(name: string): BuildOptions["outputs"] {
  return [{ type: "image", attrs: { name, push: "true" } }];
}

/** What the build's commands wrote, and how many steps came from the cache. */
async function run(options: BuildOptions): Promise<{ lines: string[]; cached: number }> {
  const lines: string[] = [];
  let cached = 0;
  const build = engine.build({ builder, outputs: [{ type: "cacheonly" }], ...options });
  for await (const one of build) {
    if (one.kind === "log") lines.push(one.text);
    if (one.kind === "step" && one.step.state === "cached") cached++;
  }
  await build.done;
  return { lines, cached };
}

describe("named contexts", () => {
  it("are folders, each by its own ignore file, images and stages in their place", async () => {
    const lib = await folder({ "kept/a": "from-lib\n", "b.log": "", ".dockerignore": "*.log\n" });
    await symlink("/etc/passwd", join(lib, "link"));
    const path = await folder({
      Dockerfile: [
        `FROM replaced AS base`,
        `FROM base`,
        "COPY --from=lib . /lib/",
        "COPY --from=other /etc/passwd /passwd",
        "COPY own /own",
        "RUN ls -A /lib && cat /lib/kept/a /own && readlink /lib/link",
        "",
      ].join("\n"),
      own: "from-context\n",
    });
    const image = `docker-image://${BASE_IMAGE}`;
    const contexts = { lib, replaced: image, other: image };
    const expected = [".dockerignore", "kept", "link", "from-lib", "from-context", "/etc/passwd"];
    expect((await run({ path, contexts, noCache: true })).lines).toEqual(expected);
  });

  it("are there for a Dockerfile without a context, and sent again when they change", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nCOPY --from=lib a /a\nRUN cat /a\n`;
    const lib = await folder({ a: "1\n" });
    expect((await run({ fileobj, contexts: { lib } })).lines).toEqual(["1"]);
    expect((await run({ fileobj, contexts: { lib } })).lines).toEqual([]);
    const changed = await folder({ a: "2\n" });
    expect((await run({ fileobj, contexts: { lib: changed } })).lines).toEqual(["2"]);
  });

  it.each([
    ["oci-layout:///x", "give a folder, an image"],
    ["/no/such/folder", "/no/such/folder"],
  ])("are refused when they are %s", async (source, reason) => {
    await expect(run({ fileobj: "FROM x", contexts: { lib: source } })).rejects.toThrow(reason);
  });
});

describe("a cache on a registry", () => {
  it.each(["max", "min"] as const)("of the mode %s serves a daemon that has nothing", async (mode) => {
    const ref = remoteName();
    const fileobj = [
      `FROM ${BASE_IMAGE} AS made`,
      `RUN echo made-${randomBytes(4).toString("hex")} | tee /f`,
      `FROM ${BASE_IMAGE}`,
      "COPY --from=made /f /",
      "RUN echo last",
      "",
    ].join("\n");
    const cacheTo = { type: "registry", ref, mode } as const;
    expect((await run({ fileobj, cacheTo })).lines).toHaveLength(2);
    const runFresh = (fewest: number, options: BuildOptions) =>
      onFreshDaemon(
        (address) => run({ ...options, cacheFrom: ref, builder: { address } }),
        ({ lines }) => lines.length <= fewest,
      );
    expect((await runFresh(1, { fileobj: `${fileobj}RUN echo more\n` })).lines).toEqual(["more"]);
    // Beside what the result holds, the mode max keeps what stages on the way were made of.
    const stage = { fileobj: fileobj.replace("RUN echo last", "RUN echo other"), target: "made" };
    const { lines } = await runFresh(0, stage);
    expect(lines).toHaveLength(mode === "max" ? 0 : 1);
  });
});

describe("an image for several platforms", () => {
  it("is pushed as an index, whose digest the build reports", async () => {
    const name = remoteName();
    const path = await folder({ Dockerfile: "FROM scratch\nCOPY f /\n", f: "x" });
    const platform = ["linux/amd64", "linux/arm64"];
    const result = await engine.build({ path, builder, platform, outputs: pushed(name) }).done;
    expect(result).toEqual({ imageId: "", manifestDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string });
    const { manifests = [] } = await manifestOf(name, result.manifestDigest!);
    expect(manifests.map((one) => one.platform.architecture).toSorted()).toEqual(["amd64", "arm64"]);
  });

  it("is refused where there is no room for it", async () => {
    const several = { fileobj: "FROM scratch", platform: "linux/amd64,linux/arm64" };
    expect(() => engine.build({ ...several, builder })).toThrow("no image of an engine");
  });
});

describe("attestations", () => {
  it("are made on request only: provenance, and the list of a scanner of one's own", async () => {
    const scanner = remoteName();
    const statement =
      '{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://spdx.dev/Document","predicate":{"spdxVersion":"SPDX-2.3"}}';
    const scan = `FROM ${BASE_IMAGE}\nENTRYPOINT ["sh", "-c", "echo '${statement.replaceAll('"', '\\"')}' > $BUILDKIT_SCAN_DESTINATION/list.spdx.json"]\n`;
    await engine.build({ fileobj: scan, builder, outputs: pushed(scanner) }).done;
    const predicates = async (attest: BuildOptions["attest"]) => {
      const name = remoteName();
      const fileobj = `FROM ${BASE_IMAGE}\nLABEL x=${name}\n`;
      const { manifestDigest } = await engine.build({ fileobj, builder, outputs: pushed(name), attest }).done;
      const { manifests = [] } = await manifestOf(name, manifestDigest!);
      const attached = manifests.filter(({ annotations = {} }) => annotations["vnd.docker.reference.type"]);
      const layers = await Promise.all(
        attached.map(async ({ digest }) => (await manifestOf(name, digest)).layers ?? []),
      );
      return layers.flat().map(({ annotations = {} }) => annotations["in-toto.io/predicate-type"]);
    };
    expect(await predicates(undefined)).toEqual([]);
    expect(await predicates({ provenance: "max" })).toEqual([expect.stringContaining("slsa.dev/provenance")]);
    expect(await predicates({ sbom: scanner })).toEqual(["https://spdx.dev/Document"]);
  });

  it("need an output that has room for them", () => {
    expect(() => engine.build({ fileobj: "FROM scratch", builder, attest: { sbom: true } })).toThrow(
      "type image or oci",
    );
  });
});

it.each<[string, Partial<BuildOptions>]>([
  ["contexts", { contexts: { lib: "docker-image://x" } }],
  ["cacheTo", { cacheTo: { type: "registry", ref: "r.example/cache" } }],
  ["attest", { attest: { provenance: true }, outputs: [{ type: "image" }] }],
  ["platform", { platform: ["linux/amd64", "linux/arm64"], outputs: [{ type: "cacheonly" }] }],
])("the classic builder, and an engine that has POST /build alone, lack %s", async (option, options) => {
  const given: BuildOptions = { fileobj: `FROM ${BASE_IMAGE}\n`, ...options };
  const code = { code: expect.stringMatching(/^(invalid_docker_option|unsupported_by_engine)$/) as string };
  await expect(engine.build({ ...given, builder: "classic" }).done).rejects.toMatchObject(code);
  const { apiVersion } = await engine.ping();
  if (Number(apiVersion.split(".")[1]) >= 53) return;
  await expect(engine.build(given).done).rejects.toMatchObject({ code: "unsupported_by_engine", feature: option });
});
