import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBuilder, type BuilderArguments } from "../../../service/bin/builder-options.ts";
import { UsageError } from "../../../service/bin/usage-error.ts";

const WHOLE: BuilderArguments = {
  builder: "buildkit",
  "builder-address": ["tcp://one:1234", "unix:///run/buildkit.sock"],
  registry: "registry.example/team/nullspace",
};

describe("options of builders", () => {
  it("are none for Docker Engine", () => {
    expect(readBuilder({}, {})).toEqual({});
    expect(readBuilder({ builder: "engine" }, {})).toEqual({});
  });

  it("name builders, files and a registry with the password from the environment, which is taken out of it", () => {
    const env = { NULLSPACE_REGISTRY_PASSWORD: "sesame" };
    const tls = { "builder-tls-ca": "ca", "builder-tls-cert": "cert", "builder-tls-key": "key" };
    expect(readBuilder({ ...WHOLE, ...tls, "registry-user": "robin" }, env)).toEqual({
      buildkit: {
        addresses: ["tcp://one:1234", "unix:///run/buildkit.sock"],
        tls: { caFile: "ca", certFile: "cert", keyFile: "key" },
        registry: {
          repository: "registry.example/team/nullspace",
          isPlain: false,
          auth: { username: "robin", password: "sesame" },
        },
      },
    });
    expect(env).toEqual({});
  });

  it("take the password from a file, without the end of its line", () => {
    const folder = mkdtempSync(join(tmpdir(), "nullspace-options-"));
    writeFileSync(join(folder, "password"), "sesame\n");
    const given = { ...WHOLE, "registry-user": "robin", "registry-password-file": join(folder, "password") };
    const auth = readBuilder(given, {}).buildkit?.registry.auth;
    expect(auth).toEqual({ username: "robin", password: "sesame" });
    // A renewed one is used from then on, and one that is just being written is not.
    writeFileSync(join(folder, "password"), "");
    expect(auth).toEqual({ username: "robin", password: "sesame" });
    writeFileSync(join(folder, "password"), "open");
    expect(auth).toEqual({ username: "robin", password: "open" });
    rmSync(folder, { recursive: true });
  });

  it.each<[string, BuilderArguments, string]>([
    ["a registry without a builder", { registry: "registry.example/a" }, "--registry is for builders"],
    ["a kind that is none", { builder: "kaniko" }, "neither engine nor buildkit"],
    ["no address", { ...WHOLE, "builder-address": undefined }, "needs --builder-address"],
    ["no registry", { ...WHOLE, registry: undefined }, "needs --registry"],
    ["an address of HTTP", { ...WHOLE, "builder-address": ["http://one:1234"] }, "tcp://HOST:PORT"],
    ["an address without a port", { ...WHOLE, "builder-address": ["tcp://one"] }, "tcp://HOST:PORT"],
    ["half of a certificate", { ...WHOLE, "builder-tls-cert": "cert" }, "go together"],
    [
      "TLS for sockets alone",
      { ...WHOLE, "builder-address": ["unix:///run/buildkit.sock"], "builder-tls-ca": "ca" },
      "leave it out",
    ],
    ["a registry with a scheme", { ...WHOLE, registry: "https://registry.example/a" }, "not a repository"],
    ["a registry with a tag", { ...WHOLE, registry: "registry.example/a:1" }, "not a repository"],
    ["a registry without a path", { ...WHOLE, registry: "registry.example" }, "not a repository"],
    ["a registry without a host", { ...WHOLE, registry: "team/nullspace" }, "not a repository"],
    ["a user without a password", { ...WHOLE, "registry-user": "robin" }, "NULLSPACE_REGISTRY_PASSWORD"],
    ["a password without a user", { ...WHOLE, "registry-password-file": "f" }, "--registry-user"],
    [
      "a file that is not there",
      { ...WHOLE, "registry-user": "robin", "registry-password-file": "/nowhere/at-all" },
      "cannot be read",
    ],
  ])("are refused with what to type: %s", (_what, values, words) => {
    expect(() => readBuilder(values, {})).toThrow(UsageError);
    expect(() => readBuilder(values, {})).toThrow(words);
  });
});
