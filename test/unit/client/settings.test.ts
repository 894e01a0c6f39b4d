import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findSettings, InvalidSettingError, MissingApiKeyError, NullspaceClient } from "../../../sdk/client/index.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "settings-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text: string): void => {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), text);
};
const find = (env: Record<string, string> = {}, more: { apiKey?: string; baseUrl?: string } = {}) =>
  findSettings({ env, cwd: join(root, "project"), home: join(root, "home"), ...more });

describe("settings", () => {
  it("come from the first place that has them", () => {
    const key = () => find({ XDG_CONFIG_HOME: join(root, "xdg") }).apiKey;
    write("home/.nullspace/config.json", '{"api_key": "legacy"}');
    expect(key().value).toBe("legacy");
    write("xdg/nullspace/config.json", '{"api_key": " xdg "}');
    expect(key()).toEqual({ value: "xdg", source: join(root, "xdg/nullspace/config.json:api_key") });
    write("project/.env", "NULLSPACE_TOKEN=token\n");
    expect(key().value).toBe("token");
    write(
      "project/.env",
      "NULLSPACE_TOKEN=token\nNULLSPACE_API_KEY = 'first'\nNULLSPACE_API_KEY=\"second\" \n# NULLSPACE_API_KEY=x",
    );
    expect(key()).toEqual({ value: "second", source: join(root, "project/.env:NULLSPACE_API_KEY") });
    const env = { NULLSPACE_TOKEN: "t", XDG_CONFIG_HOME: join(root, "xdg") };
    expect(find(env).apiKey).toEqual({ value: "t", source: "NULLSPACE_TOKEN" });
    expect(find({ ...env, NULLSPACE_API_KEY: " k " }).apiKey).toEqual({ value: "k", source: "NULLSPACE_API_KEY" });
    expect(find({ ...env, NULLSPACE_API_KEY: "  " }).apiKey.value).toBe("t");
    expect(find(env, { apiKey: "mine" }).apiKey).toEqual({ value: "mine", source: "apiKey argument" });
  });

  it("look for the URL under its old member only when no file has the new one", () => {
    expect(find().baseUrl).toEqual({ value: "http://localhost:3000", source: "default" });
    write("home/.config/nullspace/config.json", '{"api_url": "http://old"}');
    expect(find().baseUrl.value).toBe("http://old");
    write("home/.nullspace/config.json", '{"base_url": "http://new/"}');
    expect(find().baseUrl.value).toBe("http://new");
    expect(find({ NULLSPACE_BASE_URL: "http://b", NULLSPACE_API_URL: "https://a/x//" }).baseUrl.value).toBe(
      "https://a/x",
    );
  });

  it("take a blank argument as the end of the search", () => {
    expect(find({ NULLSPACE_API_KEY: "k" }, { apiKey: " " }).apiKey.value).toBeUndefined();
    expect(find({ NULLSPACE_API_URL: "http://x" }, { baseUrl: "" }).baseUrl.value).toBe("http://localhost:3000");
  });

  it("do without files that are no JSON, no object, or no file", () => {
    write("home/.config/nullspace/config.json", "{not json");
    write("home/.nullspace/config.json", "[1]");
    mkdirSync(join(root, "project/.env"), { recursive: true });
    expect(find().apiKey.value).toBeUndefined();
  });

  it("use the default folder when XDG_CONFIG_HOME is empty", () => {
    write("home/.config/nullspace/config.json", '{"api_key": "k"}');
    expect(find({ XDG_CONFIG_HOME: "" }).apiKey.value).toBe("k");
  });

  it.each([
    ["localhost:3000", "begins with localhost:"],
    ["not a url", "is not a URL"],
    ["ftp://x", "begins with ftp:"],
    ["http://user:hunter2@x", "holds a user name or password"],
    ["http://x/?a=1", "must end at its path"],
  ])("refuse the URL %s and say why, without quoting it", (url, text) => {
    const fails = (): unknown => find({ NULLSPACE_API_URL: url });
    expect(fails).toThrow(InvalidSettingError);
    expect(fails).toThrow(text);
    expect(fails).toThrow("from NULLSPACE_API_URL");
    expect(fails).not.toThrow("hunter2");
  });

  it("make a client say where to put the key when there is none", () => {
    const make = (): unknown => new NullspaceClient({ env: {}, cwd: root, home: join(root, "home") });
    expect(make).toThrow(MissingApiKeyError);
    expect(make).toThrow("Set NULLSPACE_API_KEY");
    expect(make).toThrow(join(root, "home/.config/nullspace/config.json"));
  });
});
