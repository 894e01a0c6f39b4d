import { chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  forgetFailure,
  makePrivateFolder,
  readJson,
  recallFailure,
  rememberFailure,
  REMEMBER_FAILURE_MS,
  runtimeFolder,
  toolCache,
} from "../../../scripts/setup/tool-cache.mjs";
import { temporaryFolder } from "./support/temporary-folder.ts";

describe("the tool cache", () => {
  test("is in XDG_CACHE_HOME, else in ~/.cache; a relative XDG_CACHE_HOME does not count", () => {
    expect(toolCache({ XDG_CACHE_HOME: "/c", HOME: "/h" }).root).toBe("/c/pulumi-nullspace");
    expect(toolCache({ HOME: "/h" }).root).toBe("/h/.cache/pulumi-nullspace");
    expect(toolCache({ XDG_CACHE_HOME: "c", HOME: "/h" }).root).toBe("/h/.cache/pulumi-nullspace");
  });

  test("has an id that tells it from another cache", () => {
    expect(toolCache({ HOME: "/a" }).id).toMatch(/^[0-9a-f]{8}$/);
    expect(toolCache({ HOME: "/a" }).id).not.toBe(toolCache({ HOME: "/b" }).id);
  });

  test("takes a JSON file that a crash has cut off for absent", () => {
    const path = join(temporaryFolder(), "half.json");
    expect(readJson(path)).toBeUndefined();
    writeFileSync(path, '{"a":');
    expect(readJson(path)).toBeUndefined();
  });
});

describe("the folder for sockets", () => {
  test("is in the cache where its paths are short enough for a socket", () => {
    expect(runtimeFolder(toolCache({ HOME: "/home/ada" }), {})).toBe("/home/ada/.cache/pulumi-nullspace/run");
  });

  test("is a short one elsewhere when the cache lies deep", () => {
    const cache = toolCache({ HOME: `/${"deep/".repeat(20)}` });
    const folder = runtimeFolder(cache, { XDG_RUNTIME_DIR: "/run/user/7" });
    expect(folder).toBe(`/run/user/7/pulumi-nullspace-${process.getuid!()}-${cache.id}`);
    const deep = { XDG_RUNTIME_DIR: `/run/${"日本".repeat(20)}` };
    expect(runtimeFolder(cache, deep)).toBe(runtimeFolder(cache, {}));
    expect(runtimeFolder(cache, {})).toBe(`/tmp/pulumi-nullspace-${process.getuid!()}-${cache.id}`);
  });

  test("is entered by this user only", () => {
    const path = join(temporaryFolder(), "run");
    makePrivateFolder(path);
    makePrivateFolder(path);
    expect(lstatSync(path).mode & 0o777).toBe(0o700);
  });

  test("is refused when it is a link that somebody has put there", () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(folder, "run"));
    expect(() => makePrivateFolder(join(folder, "run"))).toThrow(/belongs to another user/);
  });

  test("is refused when it belongs to somebody else", () => {
    const path = join(temporaryFolder(), "run");
    mkdirSync(path);
    // Only root can give a folder away; anybody else meets one that is root's.
    const foreign = process.getuid!() === 0 ? path : "/";
    if (foreign === path) chownSync(path, 12345, 12345);
    expect(() => makePrivateFolder(foreign)).toThrow(/belongs to another user/);
  });
});

describe("a download that failed", () => {
  test("is remembered for a day", () => {
    const cache = { root: temporaryFolder(), id: "00000000" };
    expect(recallFailure(cache, "thing")).toBeUndefined();
    rememberFailure(cache, "thing", "no such host", 1_000);
    expect(recallFailure(cache, "thing", 1_000 + REMEMBER_FAILURE_MS - 1)).toBe("no such host");
    expect(recallFailure(cache, "thing", 1_000 + REMEMBER_FAILURE_MS)).toBeUndefined();
    // A clock that was set back must not make it last for ever.
    expect(recallFailure(cache, "thing", 0)).toBeUndefined();
  });

  test("is forgotten once it works", () => {
    const cache = { root: temporaryFolder(), id: "00000000" };
    rememberFailure(cache, "thing", "no such host");
    forgetFailure(cache, "thing");
    expect(recallFailure(cache, "thing")).toBeUndefined();
  });
});
