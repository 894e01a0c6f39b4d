import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConnectionConfig } from "../../../sdk/docker/connection-config.ts";
import { DockerEngine } from "../../../sdk/docker/index.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "nullspace-docker-config-"))));
afterEach(() => rmSync(dir, { recursive: true }));

const write = (config: unknown) =>
  writeFileSync(join(dir, "config.json"), typeof config === "string" ? config : JSON.stringify(config));

describe("the way to an engine in Docker's configuration", () => {
  it("is the chosen context, and headers by lower-case name", () => {
    write({ currentContext: "one", HttpHeaders: { "X-Meta-Source": "a b", "x-empty": "" }, auths: {}, more: [1] });
    expect(readConnectionConfig(dir)).toEqual({
      currentContext: "one",
      httpHeaders: { "x-meta-source": "a b", "x-empty": "" },
    });
  });

  it("is nothing without a file, without the members, and with members that are null", () => {
    const nothing = { currentContext: undefined, httpHeaders: {} };
    expect(readConnectionConfig(join(dir, "nowhere"))).toEqual(nothing);
    write({});
    expect(readConnectionConfig(dir)).toEqual(nothing);
    expect(readConnectionConfig(join(dir, "config.json"))).toEqual(nothing);
    write({ currentContext: null, HttpHeaders: null });
    expect(readConnectionConfig(dir)).toEqual(nothing);
  });

  it.each<[string, unknown, string]>([
    ["a file that is not JSON", "{ not json with sesame", "is not JSON"],
    ["a file that is no object", ["sesame"], "is not valid"],
    ["headers that are a list", { HttpHeaders: ["sesame"] }, "HttpHeaders"],
    ["a header that is no text", { HttpHeaders: { "X-A": { sesame: 1 } } }, "X-A"],
    ["a header whose name is none", { HttpHeaders: { "X A": "sesame" } }, "X A"],
    ["a header that would be two", { HttpHeaders: { "X-A": "1\r\nX-B: sesame" } }, "X-A"],
    ["a context that is no name", { currentContext: { sesame: 1 } }, "currentContext"],
  ])("cannot be read from %s, and the error names the file and shows nothing of it", (_name, config, reason) => {
    write(config);
    const open = () => new DockerEngine({ host: "tcp://h", configDir: dir, env: {} });
    expect(open).toThrow(expect.objectContaining({ code: "invalid_docker_option", option: "configDir" }) as Error);
    expect(open).toThrow(join(dir, "config.json"));
    expect(open).toThrow(reason);
    try {
      open();
    } catch (error) {
      expect(inspect(error)).not.toContain("sesame");
    }
  });
});
