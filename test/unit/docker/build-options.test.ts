import { describe, expect, it } from "vitest";
import type { EnginePing } from "../../../sdk/docker/index.ts";
import { type BuildOptions } from "../../../sdk/docker/build/build-options.ts";
import { checkBuildOptions } from "../../../sdk/docker/build/check-build-options.ts";
import { buildQuery } from "../../../sdk/docker/build/build-query.ts";
import { chooseBuilder } from "../../../sdk/docker/build/choose-builder.ts";
import { parseByteSize } from "../../../sdk/docker/byte-size.ts";

const ENGINE: EnginePing = {
  apiVersion: "1.41",
  engineApiVersion: "1.41",
  osType: "linux",
  experimental: false,
  isPodman: false,
};
const PODMAN: EnginePing = { ...ENGINE, isPodman: true };

function query(options: BuildOptions, engine = ENGINE): Record<string, string[]> {
  const checked = checkBuildOptions({ fileobj: "FROM x", ...options });
  const builder = chooseBuilder(checked, engine);
  const made = buildQuery({ options: checked, source: {}, engine, builder, buildId: "id", proxyArgs: {} });
  return Object.fromEntries([...new Set(made.keys())].map((key) => [key, made.getAll(key)]));
}

describe("the query of a build", () => {
  it.each<[string, BuildOptions, Record<string, string[]>]>([
    ["tags", { tags: ["a:1", "b:2"] }, { t: ["a:1", "b:2"] }],
    ["docker-py's tag", { tag: "a:1" }, { t: ["a:1"] }],
    ["docker-py's number for one CPU", { containerLimits: { cpusetcpus: 1 } }, { cpusetcpus: ["1"] }],
    [
      "nothing: rm as the engine's own default",
      {},
      { rm: ["true"], forcerm: ["false"], q: ["false"], nocache: ["false"] },
    ],
    ["rm and forcerm", { rm: false, forcerm: true }, { rm: ["false"], forcerm: ["true"] }],
    [
      "build arguments, null = declared and unset",
      { buildargs: { A: "1", B: null } },
      { buildargs: ['{"A":"1","B":null}'] },
    ],
    ["labels", { labels: { a: "b" } }, { labels: ['{"a":"b"}'] }],
    ["shm size as text", { shmsize: "64m" }, { shmsize: ["67108864"] }],
    ["cache-from", { cacheFrom: ["a", "b"] }, { cachefrom: ['["a","b"]'] }],
    ["extra hosts", { extraHosts: { a: "1.2.3.4", b: "::1" } }, { extrahosts: ["a:1.2.3.4", "b:::1"] }],
    [
      "target, platform, network",
      { target: "t", platform: "linux/arm64", networkMode: "none" },
      { target: ["t"], platform: ["linux/arm64"], networkmode: ["none"] },
    ],
    [
      "container limits",
      { containerLimits: { memory: "1g", memswap: -1, cpushares: 5, cpusetcpus: "0-1" } },
      { memory: ["1073741824"], memswap: ["-1"], cpushares: ["5"], cpusetcpus: ["0-1"] },
    ],
    [
      "CPU limits beyond docker-py",
      { cpuPeriod: 1000, cpuQuota: 500, cpusetMems: "0", cgroupParent: "/p" },
      { cpuperiod: ["1000"], cpuquota: ["500"], cpusetmems: ["0"], cgroupparent: ["/p"] },
    ],
    [
      "ulimits",
      { ulimits: [{ name: "nofile", soft: 1, hard: 2 }] },
      { ulimits: ['[{"Name":"nofile","Soft":1,"Hard":2}]'] },
    ],
    [
      "pull, quiet, no cache",
      { pull: true, quiet: true, nocache: true },
      { pull: ["true"], q: ["true"], nocache: ["true"] },
    ],
    ["isolation", { isolation: "hyperv" }, { isolation: ["hyperv"] }],
    ["BuildKit", { builder: "buildkit" }, { version: ["2"], buildid: ["id"] }],
    ["inline cache", { cacheTo: "inline" }, { version: ["2"], buildargs: ['{"BUILDKIT_INLINE_CACHE":"1"}'] }],
    ["outputs", { outputs: [{ type: "cacheonly" }] }, { outputs: ['[{"Type":"cacheonly","Attrs":{}}]'] }],
  ])("holds %s", (_name, options, expected) => {
    expect(query(options)).toMatchObject(expected);
  });

  // docker-py's version checks, and the Engine API's history for what docker-py lacks.
  it.each<[string, string, BuildOptions, string]>([
    ["cacheFrom", "1.24", { cacheFrom: "a" }, "1.25"],
    ["networkMode", "1.24", { networkMode: "none" }, "1.25"],
    ["squash", "1.24", { squash: true }, "1.25"],
    ["extraHosts", "1.26", { extraHosts: { a: "b" } }, "1.27"],
    ["target", "1.28", { target: "a" }, "1.29"],
    ["platform", "1.31", { platform: "linux/amd64" }, "1.32"],
    ["outputs", "1.39", { outputs: [{ type: "cacheonly" }] }, "1.40"],
    ["secrets", "1.38", { secrets: [{ id: "a", value: "b" }] }, "1.39"],
  ])("refuses %s with API %s, and names both versions", (option, version, options, needed) => {
    const engine = { ...ENGINE, apiVersion: version };
    expect(() => query(options, engine)).toThrow(
      expect.objectContaining({
        code: "api_version_too_old",
        requiredVersion: needed,
        engineVersion: version,
      }) as Error,
    );
    expect(() => query(options, engine)).toThrow(
      new RegExp(`${option} needs Docker Engine API ${needed}.* speaks ${version}`),
    );
  });

  it("asks an experimental engine for squash, and no other", () => {
    expect(() => query({ squash: true })).toThrow("experimental");
    expect(query({ squash: true }, { ...ENGINE, experimental: true })).toMatchObject({ squash: ["true"] });
  });
});

describe("proxies of the configuration", () => {
  it("are build arguments unless the options say otherwise", () => {
    expect(checkBuildOptions({ fileobj: "FROM x" }).useConfigProxy).toBe(true);
    expect(checkBuildOptions({ fileobj: "FROM x", useConfigProxy: false }).useConfigProxy).toBe(false);
  });
});

describe("docker-py's timeout", () => {
  it("is in seconds", () => {
    expect(checkBuildOptions({ fileobj: "FROM x", timeout: 1.5 })).toMatchObject({ timeoutMs: 1_500 });
  });
});

describe("options that cannot work", () => {
  it.each<[string, BuildOptions, string]>([
    ["nothing to build", {}, "something to build"],
    ["path and fileobj", { path: ".", fileobj: "FROM x" }, "exclude one another"],
    ["context and path", { path: ".", context: Buffer.alloc(0) }, "exclude one another"],
    ["customContext without fileobj", { path: ".", customContext: true }, "needs fileobj"],
    ["customContext with text", { fileobj: "FROM x", customContext: true }, "stream or bytes"],
    ["encoding with gzip", { context: Buffer.alloc(0), encoding: "gzip", gzip: true }, "gzip cannot be given too"],
    ["encoding without an archive", { path: ".", encoding: "gzip" }, "archive of your own"],
    ["an unknown encoding", { context: Buffer.alloc(0), encoding: "rar" as "gzip" }, "encoding"],
    ["a bad tag", { fileobj: "FROM x", tag: "https://nowhere" }, "scheme"],
    ["a tag with a digest", { fileobj: "FROM x", tag: `a@sha256:${"a".repeat(64)}` }, "digest"],
    [
      "an unknown limit",
      { fileobj: "FROM x", containerLimits: { foo: "bar" } as object },
      "containerLimits.foo: there is no such option",
    ],
    ["an unknown option", { fileobj: "FROM x", frob: 1 } as BuildOptions, "frob: there is no such option"],
    ["one option in two spellings", { fileobj: "FROM x", tag: "a", tags: ["b"] }, "are one option"],
    ["a bad size", { fileobj: "FROM x", shmsize: "much" }, "not a size"],
    ["a bad host", { fileobj: "FROM x", extraHosts: ["nohost"] }, "name:address"],
    [
      "two secrets of one id",
      {
        fileobj: "FROM x",
        secrets: [
          { id: "a", value: "1" },
          { id: "a", env: "B" },
        ],
      },
      "two secrets",
    ],
    ["two Dockerfiles", { path: ".", dockerfile: "a", dockerfileContent: "b" }, "exclude one another"],
  ])("are refused before anything is sent: %s", (_name, options, reason) => {
    expect(() => checkBuildOptions(options)).toThrow(reason);
  });

  it("are refused without showing a secret", () => {
    const options = { fileobj: "FROM x", secrets: [{ id: "a", value: "sesame", oops: 1 }] } as unknown as BuildOptions;
    expect(() => checkBuildOptions(options)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("sesame") as string }) as Error,
    );
  });
});

describe("the builder", () => {
  const choose = (options: BuildOptions, engine = ENGINE) =>
    chooseBuilder(checkBuildOptions({ fileobj: "FROM x", ...options }), engine);

  it.each<[string, BuildOptions, EnginePing, string]>([
    ["BuildKit where there is one", {}, ENGINE, "buildkit"],
    ["classic on an old engine", {}, { ...ENGINE, apiVersion: "1.38" }, "classic"],
    ["classic on Windows", {}, { ...ENGINE, osType: "windows" }, "classic"],
    ["classic on Podman", {}, PODMAN, "classic"],
    ["classic for limits, which BuildKit would drop", { containerLimits: { memory: "1g" } }, ENGINE, "classic"],
    ["classic for a shm size that an old BuildKit would drop", { shmSize: "1g" }, ENGINE, "classic"],
    ["BuildKit for one that it takes", { shmSize: "1g" }, { ...ENGINE, apiVersion: "1.42" }, "buildkit"],
    ["classic for a network by name", { networkMode: "mine" }, ENGINE, "classic"],
    ["what was asked for", { builder: "classic" }, ENGINE, "classic"],
  ])("is %s", (_name, options, engine, expected) => {
    expect(choose(options, engine)).toBe(expected);
  });

  it.each<[string, BuildOptions, EnginePing, string]>([
    ["limits with BuildKit", { builder: "buildkit", containerLimits: { memory: 1 } }, ENGINE, "invalid_docker_option"],
    [
      "secrets with the classic builder",
      { builder: "classic", secrets: [{ id: "a", value: "b" }] },
      ENGINE,
      "invalid_docker_option",
    ],
    [
      "limits with secrets",
      { containerLimits: { memory: 1 }, secrets: [{ id: "a", value: "b" }] },
      ENGINE,
      "invalid_docker_option",
    ],
    [
      "ulimits with an old BuildKit, which would drop them",
      { builder: "buildkit", ulimits: [{ name: "nofile", soft: 1, hard: 1 }] },
      ENGINE,
      "api_version_too_old",
    ],
    ["BuildKit on Podman", { builder: "buildkit" }, PODMAN, "unsupported_by_engine"],
    ["secrets on Podman", { secrets: [{ id: "a", value: "b" }] }, PODMAN, "unsupported_by_engine"],
    ["no network on Podman, which would give one", { networkMode: "none" }, PODMAN, "unsupported_by_engine"],
    ["the host's network on Podman", { networkMode: "host" }, PODMAN, "unsupported_by_engine"],
    ["cache images on Podman", { cacheFrom: ["a"] }, PODMAN, "unsupported_by_engine"],
    ["BuildKit on Windows", { builder: "buildkit" }, { ...ENGINE, osType: "windows" }, "unsupported_by_engine"],
  ])("is refused: %s", (_name, options, engine, code) => {
    expect(() => choose(options, engine)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

describe("parseByteSize", () => {
  // docker-py's cases of parse_bytes.
  it.each([
    ["512MB", 536870912],
    ["512M", 536870912],
    ["512m", 536870912],
    ["512kb", 524288],
    ["2g", 2147483648],
    ["1.5k", 1536],
    ["123", 123],
    ["5b", 5],
    [17, 17],
    ["1 gb", 1073741824],
    ["1GiB", 1073741824],
  ])("reads %s", (text, bytes) => {
    expect(parseByteSize("x", text)).toBe(bytes);
  });

  it.each(["", "512MK", "512L", "127.0.0.1K", "m", "-5"])("refuses %j", (text) => {
    expect(() => parseByteSize("x", text)).toThrow("not a size");
  });
});
