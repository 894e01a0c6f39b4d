import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { parseEngineHost } from "../../../sdk/docker/engine-host.ts";

describe("parseEngineHost", () => {
  // After docker-py's tests of parse_host and the docker command's own.
  it.each([
    ["unix:///var/run/docker.sock", { kind: "unix", path: "/var/run/docker.sock" }],
    ["/run/podman.sock", { kind: "unix", path: "/run/podman.sock" }],
    ["unix:///run/a#b.sock", { kind: "unix", path: "/run/a#b.sock" }],
    ["unix://run/docker.sock", { kind: "unix", path: "run/docker.sock" }],
    ["tcp://host", { kind: "tcp", hostname: "host", port: 2375, tls: false }],
    ["0.0.0.0", { kind: "tcp", hostname: "0.0.0.0", port: 2375, tls: false }],
    ["tcp://0.0.0.0:80", { kind: "tcp", hostname: "0.0.0.0", port: 80, tls: false }],
    ["tcp://[::1]:2000", { kind: "tcp", hostname: "::1", port: 2000, tls: false }],
    ["[fd12::82d1]:2375", { kind: "tcp", hostname: "fd12::82d1", port: 2375, tls: false }],
    ["https://[fd12:5672::12aa]:1090", { kind: "tcp", hostname: "fd12:5672::12aa", port: 1090, tls: true }],
    ["host:3000", { kind: "tcp", hostname: "host", port: 3000, tls: false }],
    ["http://host:1234/", { kind: "tcp", hostname: "host", port: 1234, tls: false }],
    ["https://host", { kind: "tcp", hostname: "host", port: 2376, tls: true }],
    ["ssh://me@host:2222", { kind: "ssh", user: "me", hostname: "host", port: 2222 }],
    ["ssh://host", { kind: "ssh", hostname: "host" }],
    // Without the brackets, which the ssh command would take for part of a name.
    ["ssh://[fd12::82d1]", { kind: "ssh", hostname: "fd12::82d1" }],
    ["ssh://me@[fd12::82d1]:8765", { kind: "ssh", user: "me", hostname: "fd12::82d1", port: 8765 }],
  ])("reads %s", (text, expected) => {
    const { display: _display, ...host } = parseEngineHost(text);
    expect(host).toEqual(expected);
  });

  it("says an IPv6 address as DOCKER_HOST spells it", () => {
    expect(parseEngineHost("ssh://me@[fd12::82d1]:8765/").display).toBe("ssh://me@[fd12::82d1]:8765");
    expect(parseEngineHost("tcp://[fd12::82d1]").display).toBe("tcp://[fd12::82d1]:2375");
  });

  it("takes port 2376 for TLS, where no other is named", () => {
    expect(parseEngineHost("tcp://host", true)).toMatchObject({ port: 2376, tls: true });
    for (const text of ["myhost:3348", "tcp://myhost:3348"])
      expect(parseEngineHost(text, true)).toMatchObject({ hostname: "myhost", port: 3348, tls: true });
  });

  it.each([
    "",
    ":6666",
    "tcp://:7777",
    "somehost.example:80/service/swarm",
    "udp://127.0.0.1:2375",
    "unix://",
    "tcp://",
    "ftp://host",
    "npipe:////./pipe/docker",
    "http+unix:///run/docker.sock",
    "tcp://host/path",
    "tcp://host:3333/path?q=1",
    "ssh://",
    "ssh://:22/path",
    "tcp://me:pw@host",
    "ssh://-oProxyCommand=x",
    "ssh://me:pw@host",
    "tcp://host:99999",
  ])("refuses %j", (text) => {
    expect(() => parseEngineHost(text)).toThrow(expect.objectContaining({ code: "invalid_docker_option" }) as Error);
  });
});

describe("the engine in force", () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "nullspace-docker-config-"))));
  afterEach(() => rmSync(dir, { recursive: true }));

  function addContext(name: string, host: string, withTls = false): void {
    const id = createHash("sha256").update(name).digest("hex");
    mkdirSync(join(dir, "contexts", "meta", id), { recursive: true });
    const meta = { Name: name, Metadata: {}, Endpoints: { docker: { Host: host, SkipTLSVerify: false } } };
    writeFileSync(join(dir, "contexts", "meta", id, "meta.json"), JSON.stringify(meta));
    if (!withTls) return;
    mkdirSync(join(dir, "contexts", "tls", id, "docker"), { recursive: true });
    writeFileSync(join(dir, "contexts", "tls", id, "docker", "ca.pem"), "");
  }

  const hostOf = (options: object, env: Record<string, string> = {}) =>
    new DockerEngine({ env: { DOCKER_CONFIG: dir, ...env }, ...options }).host;

  it("is the local socket when nothing says otherwise, and an empty variable says nothing", () => {
    expect(hostOf({})).toBe("unix:///var/run/docker.sock");
    expect(hostOf({}, { DOCKER_HOST: "", DOCKER_CONTEXT: "", DOCKER_CERT_PATH: "" })).toBe(
      "unix:///var/run/docker.sock",
    );
  });

  it("is that of the option, else of DOCKER_HOST, else of DOCKER_CONTEXT, else of the chosen context", () => {
    addContext("one", "tcp://one:1");
    addContext("two", "tcp://two:2");
    writeFileSync(join(dir, "config.json"), JSON.stringify({ currentContext: "one" }));
    expect(hostOf({})).toBe("tcp://one:1");
    expect(hostOf({}, { DOCKER_HOST: "", DOCKER_CONTEXT: "" })).toBe("tcp://one:1");
    expect(hostOf({}, { DOCKER_CONTEXT: "two" })).toBe("tcp://two:2");
    expect(hostOf({}, { DOCKER_CONTEXT: "default" })).toBe("unix:///var/run/docker.sock");
    expect(hostOf({}, { DOCKER_CONTEXT: "two", DOCKER_HOST: "tcp://env:3" })).toBe("tcp://env:3");
    expect(hostOf({ context: "two" }, { DOCKER_HOST: "tcp://env:3" })).toBe("tcp://two:2");
    expect(hostOf({ host: "tcp://option:4" }, { DOCKER_HOST: "tcp://env:3" })).toBe("tcp://option:4");
  });

  it("is that of DOCKER_HOST, else the local socket, for the context named default, whatever context is chosen", () => {
    addContext("one", "tcp://one:1");
    writeFileSync(join(dir, "config.json"), JSON.stringify({ currentContext: "one" }));
    const context = "default";
    expect(hostOf({ context })).toBe("unix:///var/run/docker.sock");
    expect(hostOf({ context }, { DOCKER_CONTEXT: "one" })).toBe("unix:///var/run/docker.sock");
    expect(hostOf({ context }, { DOCKER_CONTEXT: "one", DOCKER_HOST: "tcp://env:3" })).toBe("tcp://env:3");
    for (const name of ["ca.pem", "cert.pem", "key.pem"]) writeFileSync(join(dir, name), "");
    const env = { DOCKER_HOST: "tcp://env", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: dir };
    expect(hostOf({ context }, env)).toBe("tcp://env:2376");
  });

  it("is spoken to over TLS when its context has certificates", () => {
    addContext("secure", "tcp://secure", true);
    expect(hostOf({ context: "secure" })).toBe("tcp://secure:2376");
  });

  it("is spoken to over TLS when DOCKER_TLS_VERIFY or DOCKER_CERT_PATH says so", () => {
    for (const name of ["ca.pem", "cert.pem", "key.pem"]) writeFileSync(join(dir, name), "");
    expect(hostOf({}, { DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "1" })).toBe("tcp://h:2376");
    expect(hostOf({}, { DOCKER_HOST: "tcp://h", DOCKER_CERT_PATH: dir })).toBe("tcp://h:2376");
    expect(hostOf({}, { DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "" })).toBe("tcp://h:2375");
    expect(hostOf({}, { DOCKER_HOST: "tcp://h", DOCKER_CERT_PATH: "" })).toBe("tcp://h:2375");
  });

  it("has its configuration and certificates in .docker of the home folder where no other is named", () => {
    const home = join(dir, "home");
    mkdirSync(join(home, ".docker"), { recursive: true });
    const open = (env: Record<string, string>) => new DockerEngine({ env: { HOME: home, ...env } });
    expect(open({}).config.dir).toBe(join(home, ".docker"));
    expect(open({ DOCKER_CONFIG: "" }).config.dir).toBe(join(home, ".docker"));
    expect(open({ DOCKER_CONFIG: dir }).config.dir).toBe(dir);
    const secure = { DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "" };
    expect(() => open(secure)).toThrow(`Cannot read cert.pem of the TLS folder ${join(home, ".docker")}`);
    for (const name of ["ca.pem", "cert.pem", "key.pem"]) writeFileSync(join(home, ".docker", name), "");
    expect(open(secure).host).toBe("tcp://h:2376");
  });

  it.each([
    ["a missing context", { DOCKER_CONTEXT: "nowhere" }, 'no Docker context "nowhere"'],
    ["missing certificates", { DOCKER_HOST: "tcp://h", DOCKER_TLS_VERIFY: "1" }, "Cannot read cert.pem"],
  ])("cannot be found with %s, and the error says what to look at", (_name, env, reason) => {
    expect(() => hostOf({}, env)).toThrow(reason);
  });

  it("cannot be both a host and a context", () => {
    expect(() => hostOf({ host: "tcp://h", context: "c" })).toThrow("not both");
  });
});
