import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { registryAuthHeader, registryConfigHeader } from "../../../sdk/docker/auth/auth-headers.ts";
import { proxiesNotGiven } from "../../../sdk/docker/build/build-query.ts";
import { DockerConfig, RegistryCredentials } from "../../../sdk/docker/index.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "nullspace-docker-config-"))));
afterEach(() => rmSync(dir, { recursive: true }));

const base64 = (text: string) => Buffer.from(text).toString("base64");
const decode = (header: string) => JSON.parse(Buffer.from(header, "base64url").toString()) as Record<string, unknown>;

function configure(config: unknown): DockerConfig {
  writeFileSync(join(dir, "config.json"), typeof config === "string" ? config : JSON.stringify(config));
  return new DockerConfig(dir, { PATH: `${dir}${delimiter}${process.env.PATH}` });
}

/** No helper of these tests fails where all are collected. */
function onFailure(error: Error): never {
  throw error;
}

async function found(config: DockerConfig, host: string, explicit = {}) {
  return (await config.credentialsFor(host, explicit))?.reveal();
}

function addHelper(name: string, script: string): void {
  writeFileSync(join(dir, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
  chmodSync(join(dir, `docker-credential-${name}`), 0o755);
}

// The behaviours of docker-py's auth tests (tests/unit/auth_test.py), written again.
describe("credentials for a registry", () => {
  it("are absent without a file, without an entry, and with an empty entry", async () => {
    expect(await found(new DockerConfig(dir), "docker.io")).toBeUndefined();
    expect(await found(configure({ auths: {} }), "docker.io")).toBeUndefined();
    expect(await found(configure({ auths: { "r.example": {} } }), "r.example")).toBeUndefined();
  });

  it.each([
    ["r.example", "r.example"],
    ["https://r.example/v1/", "r.example"],
    ["http://r.example", "r.example"],
    ["r.example:5000", "r.example:5000"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["https://index.docker.io/v1/", "index.docker.io"],
    ["https://index.docker.io/v1/", "registry-1.docker.io"],
    ["docker.io", "https://index.docker.io/v1/"],
    ["r.example", "r.example/v1/"],
    ["r.example", "http://r.example/"],
    ["https://index.docker.io/v1/", "http://index.docker.io"],
  ])("under %s are found for %s", async (entry, host) => {
    const config = configure({ auths: { [entry]: { auth: base64("me:pass:word") } } });
    expect(await found(config, host)).toEqual({ username: "me", password: "pass:word" });
  });

  it("are not read from the top of the file, where Docker wrote them before it had auths", async () => {
    const config = configure({ "https://r.example": { auth: base64("me:x"), email: "me@r.example" } });
    expect(await found(config, "r.example")).toBeUndefined();
    expect((await config.allCredentials({ onFailure })).size).toBe(0);
  });

  it("are not those of another port or host", async () => {
    const config = configure({ auths: { "r.example:5000": { auth: base64("me:x") } } });
    expect(await found(config, "r.example")).toBeUndefined();
  });

  it("under the bare host win over those under an address of it", async () => {
    const config = configure({
      auths: { "https://r.example/v1/": { auth: base64("old:x") }, "r.example": { auth: base64("new:x") } },
    });
    expect(await found(config, "r.example")).toMatchObject({ username: "new" });
  });

  it("may be an identity token, or a name and password in clear", async () => {
    const config = configure({
      auths: { a: { identitytoken: "tok", auth: base64("x:y") }, b: { username: "u", password: "p" } },
    });
    expect(await found(config, "a")).toEqual({ identityToken: "tok" });
    expect(await found(config, "b")).toEqual({ username: "u", password: "p" });
  });

  it("are read as UTF-8, beside keys that have nothing to do with them", async () => {
    const config = configure({
      detachKeys: "ctrl-q",
      auths: { a: { auth: base64("sakuy\u00e6:izayo\u00ef") }, b: { email: "only" } },
    });
    expect(await found(config, "a")).toEqual({ username: "sakuy\u00e6", password: "izayo\u00ef" });
    expect(await found(config, "b")).toBeUndefined();
  });

  it("given explicitly come first", async () => {
    const config = configure({ auths: { "docker.io": { auth: base64("file:x") } } });
    const explicit = { "index.docker.io": { username: "given", password: "y" } };
    expect(await found(config, "docker.io", explicit)).toMatchObject({ username: "given" });
  });

  it("come from the helper of the registry, else from the store, else from the file", async () => {
    addHelper("one", `read -r s; echo "{\\"ServerURL\\":\\"$s\\",\\"Username\\":\\"one-$s\\",\\"Secret\\":\\"x\\"}"`);
    addHelper(
      "two",
      `read -r s; [ "$s" = in-file ] && { echo "credentials not found in native keychain"; exit 1; }; echo '{"ServerURL":"","Username":"<token>","Secret":"tok"}'`,
    );
    const config = configure({
      credHelpers: { "r.example": "one", "https://index.docker.io/v1/": "one" },
      credsStore: "two",
      auths: { "in-file": { auth: base64("file:x") } },
    });
    expect(await found(config, "r.example")).toMatchObject({ username: "one-r.example" });
    expect(await found(config, "docker.io")).toMatchObject({ username: "one-https://index.docker.io/v1/" });
    expect(await found(config, "other")).toEqual({ identityToken: "tok" });
    expect(await found(config, "in-file")).toMatchObject({ username: "file" });
  });

  it("are those of the file where a helper's answer is empty, which some say in place of not found", async () => {
    addHelper("void", `[ "$1" = list ] && echo '{"r":""}' || echo '{"ServerURL":"r","Username":"","Secret":""}'`);
    const auths = { r: { auth: base64("file:x") } };
    for (const source of [{ credsStore: "void" }, { credHelpers: { r: "void" } }]) {
      const config = configure({ ...source, auths });
      expect(await found(config, "r")).toEqual({ username: "file", password: "x" });
      expect((await config.allCredentials({ onFailure })).get("r")?.reveal()).toEqual({
        username: "file",
        password: "x",
      });
    }
    const alone = configure({ credsStore: "void" });
    expect(await found(alone, "r")).toBeUndefined();
    expect((await alone.allCredentials({ onFailure })).size).toBe(0);
  });

  it("are collected from the store, the helpers and the file for a classic build", async () => {
    addHelper(
      "store",
      `if [ "$1" = list ]; then echo '{"https://stored/v1/":"u"}'; else echo '{"Username":"s","Secret":"x"}'; fi`,
    );
    addHelper("own", `echo '{"Username":"h","Secret":"x"}'`);
    const config = configure({
      credsStore: "store",
      credHelpers: { helped: "own" },
      auths: { file: { auth: base64("f:x") } },
    });
    const all = await config.allCredentials({ explicit: { given: { username: "g", password: "x" } }, onFailure });
    expect([...all.keys()].toSorted()).toEqual(["file", "given", "helped", "stored"]);
  });

  it("are collected from helpers without a store, by the hosts of their addresses, and are none with neither", async () => {
    addHelper("own", `read -r s; echo "{\\"Username\\":\\"$s\\",\\"Secret\\":\\"x\\"}"`);
    const helped = configure({
      credHelpers: { "https://a.example/v2": "own", "b.example": "own", "https://index.docker.io/v1/": "own" },
      auths: { "b.example": { auth: base64("file:x") }, "c.example": { auth: base64("file:x") } },
    });
    const all = [...(await helped.allCredentials({ onFailure }))].map(([host, one]) => [host, one.reveal()]);
    expect(Object.fromEntries(all)).toEqual({
      "a.example": { username: "https://a.example/v2", password: "x" },
      "b.example": { username: "b.example", password: "x" },
      "c.example": { username: "file", password: "x" },
      "docker.io": { username: "https://index.docker.io/v1/", password: "x" },
    });
    expect((await configure({}).allCredentials({ onFailure })).size).toBe(0);
    expect((await configure({ auths: {}, credHelpers: {} }).allCredentials({ onFailure })).size).toBe(0);
  });

  it("of several sources for one registry are those of its helper, else of the store, else of the file", async () => {
    addHelper(
      "store",
      `if [ "$1" = list ]; then echo '{"https://a/v2":"u","b":"u","c":"u"}'; else echo '{"Username":"store","Secret":"x"}'; fi`,
    );
    addHelper("own", `echo '{"Username":"helper","Secret":"x"}'`);
    addHelper("none", `echo "credentials not found in native keychain"; exit 1`);
    const config = configure({
      credsStore: "store",
      credHelpers: { b: "own", d: "none" },
      auths: { a: { auth: base64("file:x") }, b: { auth: base64("file:x") }, c: {}, e: { auth: base64("file:x") } },
    });
    const all = await config.allCredentials({ onFailure });
    const users = [...all].map(([host, one]) => [host, (one.reveal() as { username: string }).username]);
    expect(Object.fromEntries(users)).toEqual({ a: "store", b: "helper", c: "store", e: "file" });
  });

  it("are those of the wanted registries, and a helper that is missing or fails is told and stops nothing", async () => {
    addHelper("asked", `read -r s; echo "$s" >> "$0.log"; echo '{"Username":"u","Secret":"x"}'`);
    addHelper("bad", "exit 3");
    const config = configure({
      credsStore: "nullspace-missing",
      credHelpers: { wanted: "asked", given: "bad", failing: "bad", "us-docker.pkg.dev": "gcloud" },
      auths: { damaged: { auth: base64("no colon") }, file: { auth: base64("f:x") } },
    });
    const failures: string[] = [];
    const all = await config.allCredentials({
      explicit: { given: { username: "g", password: "x" } },
      isWanted: (server) => ["wanted", "given", "failing", "file"].includes(server),
      onFailure: ({ message }) => failures.push(message),
    });
    expect([...all.keys()].toSorted()).toEqual(["file", "given", "wanted"]);
    expect(failures).toEqual([
      expect.stringContaining("docker-credential-nullspace-missing could not be run"),
      expect.stringContaining("docker-credential-bad ended with code 3"),
    ]);
  });

  it.each<[string, unknown, string]>([
    ["a file that is not JSON", "{ not json with sesame", "is not JSON"],
    ["an entry that is not base64 of user:password", { auths: { r: { auth: base64("sesame") } } }, "is damaged"],
    ["a section of another shape", { auths: { r: "sesame" } }, "is not valid"],
    [
      "a helper that is not installed",
      { credsStore: "nullspace-missing" },
      "docker-credential-nullspace-missing could not be run",
    ],
    ["a helper's name that is a path", { credsStore: "../evil" }, "not the name of a credential helper"],
  ])("fail with %s, and the error holds no secret", async (_name, content, reason) => {
    const error = await configure(content)
      .credentialsFor("r")
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: "registry_credentials", message: expect.stringContaining(reason) as string });
    expect(inspect(error)).not.toContain("sesame");
  });

  it("fail when the helper fails or answers nonsense, without what it printed", async () => {
    addHelper("bad", "echo 'sesame'; exit 3");
    addHelper("odd", "echo 'sesame'");
    for (const [helper, reason] of [
      ["bad", "ended with code 3"],
      ["odd", "something unexpected"],
    ]) {
      const error = await configure({ credsStore: helper })
        .credentialsFor("r")
        .catch((cause: unknown) => cause);
      expect(error).toMatchObject({ message: expect.stringContaining(reason!) as string });
      expect(inspect(error)).not.toContain("sesame");
    }
  });

  it("do not show in util.inspect, JSON or text", () => {
    const credentials = new RegistryCredentials({ username: "u", password: "sesame" });
    expect(inspect({ credentials }) + JSON.stringify({ credentials }) + `${credentials}`).not.toContain("sesame");
  });
});

describe("proxies of the configuration", () => {
  it("become build arguments in both spellings, those of the engine's own entry first", async () => {
    const config = configure({
      proxies: { default: { httpProxy: "http://p:1", noProxy: "a,b" }, "tcp://engine:1": { httpsProxy: "http://q:2" } },
    });
    expect(await config.proxyBuildArgs("unix:///x")).toEqual({
      HTTP_PROXY: "http://p:1",
      http_proxy: "http://p:1",
      NO_PROXY: "a,b",
      no_proxy: "a,b",
    });
    expect(await config.proxyBuildArgs("tcp://engine:1")).toEqual({
      HTTPS_PROXY: "http://q:2",
      https_proxy: "http://q:2",
    });
  });

  it("are five, and none where the file names none", async () => {
    const proxy = { httpProxy: "h", httpsProxy: "s", ftpProxy: "ftp://me:pw@f:23", noProxy: "n", allProxy: "a" };
    expect(await configure({ proxies: { default: proxy } }).proxyBuildArgs("unix:///x")).toEqual({
      HTTP_PROXY: "h",
      http_proxy: "h",
      HTTPS_PROXY: "s",
      https_proxy: "s",
      FTP_PROXY: "ftp://me:pw@f:23",
      ftp_proxy: "ftp://me:pw@f:23",
      NO_PROXY: "n",
      no_proxy: "n",
      ALL_PROXY: "a",
      all_proxy: "a",
    });
    for (const config of [
      {},
      { proxies: {} },
      { proxies: { default: {} } },
      { proxies: { default: { ftpProxy: "" } } },
    ])
      expect(await configure(config).proxyBuildArgs("unix:///x")).toEqual({});
    expect(await new DockerConfig(join(dir, "nowhere")).proxyBuildArgs("unix:///x")).toEqual({});
  });

  it("are replaced by what is given in either spelling", () => {
    const file = { FTP_PROXY: "f", ftp_proxy: "f", NO_PROXY: "n", no_proxy: "n" };
    expect(proxiesNotGiven(file, { FTP_PROXY: "mine" })).toEqual({ NO_PROXY: "n", no_proxy: "n" });
    expect(proxiesNotGiven(file, { no_proxy: null })).toEqual({ FTP_PROXY: "f", ftp_proxy: "f" });
    expect(proxiesNotGiven(file)).toEqual(file);
  });
});

describe("headers for the engine", () => {
  it("are URL-safe base64 with padding, as the engine ignores any other without a word", () => {
    const header = registryAuthHeader(
      "r",
      new RegistryCredentials({ username: "u", password: "\u00ff\u00fe\u00ff>>>???" }),
    );
    expect(header).toMatch(/^[A-Za-z0-9_-]+=*$/);
    expect(header.length % 4).toBe(0);
    expect(header).toMatch(/[-_]/);
    expect(decode(header)).toEqual({ username: "u", password: "\u00ff\u00fe\u00ff>>>???", serveraddress: "r" });
  });

  it("name Docker Hub by its index too, where engines look", () => {
    const header = registryConfigHeader(new Map([["docker.io", new RegistryCredentials({ identityToken: "t" })]]));
    const entry = { identitytoken: "t", serveraddress: "https://index.docker.io/v1/" };
    expect(decode(header)).toEqual({ "docker.io": entry, "https://index.docker.io/v1/": entry });
  });
});
