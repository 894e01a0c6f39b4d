import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startLocalService } from "../../../service/index.ts";
import { defaultDataDirectory, openDataDirectory } from "../../../service/data-directory.ts";
import { Database } from "../../../service/store/database.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nullspace-data-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const COMMAND = ["--conditions=nullspace-source", "service/bin/nullspace-local.ts"];

/** Runs the command until it has printed `wanted`, or has ended. */
async function run(args: string[], wanted?: string) {
  const child = spawn(process.execPath, [...COMMAND, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  if (wanted === undefined) return { child, code: await ended, out, err, ended };
  await Promise.race([ended, expect.poll(() => out, { timeout: 20_000 }).toContain(wanted)]);
  return { child, code: undefined, out, err, ended };
}

describe("the data directory", () => {
  it("is made for its owner alone, and keeps its name on the engine", () => {
    const path = join(folder, "new", "deep");
    const first = openDataDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const { instanceId } = first;
    first.close();
    const second = openDataDirectory(path);
    expect(second.instanceId).toBe(instanceId);
    second.close();
  });

  it("is found through NULLSPACE_LOCAL_DATA, then the XDG data folder", () => {
    expect(defaultDataDirectory({ NULLSPACE_LOCAL_DATA: "/a/b", XDG_DATA_HOME: "/x" })).toBe("/a/b");
    expect(defaultDataDirectory({ XDG_DATA_HOME: "/x" })).toBe("/x/nullspace-local");
    expect(defaultDataDirectory({})).toMatch(/\/\.local\/share\/nullspace-local$/);
  });

  it("that cannot be made, or whose name is empty, is an error that says so", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(() => openDataDirectory(join(file, "x"))).toThrow(
      expect.objectContaining({ code: "data_directory_unusable" }),
    );
    const empty = join(folder, "empty");
    mkdirSync(empty);
    writeFileSync(join(empty, "instance-id"), "\n");
    expect(() => openDataDirectory(empty)).toThrow(/instance-id is empty/);
    // Whoever failed to open it does not hold it.
    rmSync(join(empty, "instance-id"));
    openDataDirectory(empty).close();
  });

  it("is used in every folder, up to the longest path that SQLite opens", () => {
    const names = ['José\'s "app" 日本 🎉', "100%20 a#b?c=d&e", "back\\slash\nnew line", "[a]*{b} $HOME;"];
    let deep = folder;
    while (Buffer.byteLength(deep) < 400) deep = join(deep, "日本".repeat(10));
    for (const path of [...names.map((name) => join(folder, name)), deep]) {
      const data = openDataDirectory(path);
      new Database(data.storePath).close();
      expect(readdirSync(path)).toContain("store.db");
      expect(() => openDataDirectory(path)).toThrow(expect.objectContaining({ code: "data_directory_in_use" }));
      data.close();
    }
    for (let bytes = 480; bytes < 520; bytes++) {
      const path = join(deep, "d".repeat(bytes - Buffer.byteLength(deep) - 1));
      let data;
      try {
        data = openDataDirectory(path);
      } catch (error) {
        expect(error).toMatchObject({ code: "data_directory_unusable", message: expect.stringContaining("SQLite") });
        expect(bytes).toBeGreaterThan(490);
        continue;
      }
      const db = new Database(data.storePath);
      db.transaction(() => db.run("CREATE TABLE t (a)"));
      db.close();
      data.close();
    }
  });

  it("is a file's path, not a URL, also when it is relative", () => {
    const home = process.cwd();
    process.chdir(folder);
    try {
      const data = openDataDirectory("file:a?mode=memory#b");
      new Database(data.storePath).close();
      data.close();
    } finally {
      process.chdir(home);
    }
    expect(readdirSync(join(folder, "file:a?mode=memory#b"))).toContain("store.db");
  });

  it.each(["lock.db", "api-key", "instance-id", "blobs", "store.db"])(
    "that holds something else in the place of %s ends the command with one line that says so",
    { timeout: 30_000 },
    async (name) => {
      if (name !== "lock.db") writeFileSync(join(folder, "lock.db"), "");
      if (name === "blobs") writeFileSync(join(folder, name), "");
      else mkdirSync(join(folder, name));
      const ended = await run(["serve", "--port", "0", "--data", folder]);
      expect([ended.code, ended.out]).toEqual([1, ""]);
      expect(JSON.parse(ended.err)).toMatchObject({
        error: {
          code: name === "store.db" ? "store_unusable" : "data_directory_unusable",
          message: expect.stringContaining(folder),
        },
      });
    },
  );

  it("is one service's at a time, until that one is gone, even by a kill", { timeout: 60_000 }, async () => {
    const args = ["serve", "--port", "0", "--data", folder, "--docker-host", `unix://${folder}/none`];
    const first = await run(args, "NULLSPACE_API_KEY=");
    const second = await run(args);
    expect(second.code).toBe(1);
    expect(JSON.parse(second.err)).toMatchObject({
      error: { code: "data_directory_in_use", message: expect.stringContaining(folder) },
    });
    await expect(startLocalService({ port: 0, dataDirectory: folder })).rejects.toMatchObject({
      code: "data_directory_in_use",
    });
    first.child.kill("SIGKILL");
    await first.ended;
    const third = await run(args, "NULLSPACE_API_URL=");
    // The key was shown once.
    expect(third.out).toMatch(/^NULLSPACE_API_URL=\S+\n$/);
    third.child.kill("SIGTERM");
    expect(await third.ended).toBe(0);
  });
});

describe("the command", () => {
  it.each([
    [["fly"], 2, "invalid_arguments"],
    [[], 2, "invalid_arguments"],
    [["serve", "--nope"], 2, "invalid_arguments"],
    [["serve", "--port", "x"], 2, "invalid_arguments"],
    [["serve", "--log-level", "x"], 2, "invalid_arguments"],
    [["serve", "--builds", "0"], 2, "invalid_arguments"],
    [["serve", "--host", "0.0.0.0"], 1, "host_not_loopback"],
  ])("%j ends with %i and one line of JSON", { timeout: 30_000 }, async (args, code, errorCode) => {
    const ended = await run([...args, ...(args[0] === "serve" ? ["--data", folder] : [])]);
    expect([ended.code, ended.out]).toEqual([code, ""]);
    expect(JSON.parse(ended.err).error.code).toBe(errorCode);
  });

  it("says when its port is taken", async () => {
    const first = await startLocalService({ port: 0, dataDirectory: join(folder, "a"), logLevel: "silent" });
    const port = Number(new URL(first.url).port);
    const second = startLocalService({ port, dataDirectory: join(folder, "b"), logLevel: "silent" });
    await expect(second).rejects.toMatchObject({ code: "port_in_use" });
    await first.close();
    // The second one left nothing locked behind.
    const again = await startLocalService({ port: 0, dataDirectory: join(folder, "b"), logLevel: "silent" });
    await again.close();
  });
});

describe("the store", () => {
  const migrations = [
    { number: 1, name: "one", sql: "CREATE TABLE a (x INTEGER) STRICT" },
    { number: 2, name: "two", sql: "CREATE TABLE b (x INTEGER) STRICT" },
  ];
  const path = () => join(folder, "store.db");

  it("runs each migration once, in order", () => {
    new Database(path(), migrations.slice(0, 1)).close();
    const db = new Database(path(), migrations);
    db.run("INSERT INTO b VALUES (1)");
    db.close();
    const again = new Database(path(), migrations);
    expect(again.all("SELECT x FROM b")).toEqual([{ x: 1 }]);
    again.close();
  });

  it("keeps what was there when a migration fails, all of it", () => {
    new Database(path(), migrations.slice(0, 1)).close();
    const broken = { number: 2, name: "broken", sql: "CREATE TABLE c (x); CREATE TABLE nonsense" };
    expect(() => new Database(path(), [...migrations.slice(0, 1), broken])).toThrow();
    const db = new DatabaseSync(path());
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name = 'c'").all()).toEqual([]);
    db.close();
  });

  it("is not opened by an older service than wrote it", () => {
    new Database(path(), migrations).close();
    expect(() => new Database(path(), migrations.slice(0, 1))).toThrow(
      expect.objectContaining({ code: "store_too_new" }),
    );
  });

  it("undoes a transaction that throws, with those inside it", () => {
    const db = new Database(path(), migrations);
    expect(() =>
      db.transaction(() => {
        db.run("INSERT INTO a VALUES (1)");
        db.transaction(() => db.run("INSERT INTO b VALUES (1)"));
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(db.all("SELECT x FROM a UNION ALL SELECT x FROM b")).toEqual([]);
    expect(db.transaction(() => db.run("INSERT INTO a VALUES (2)"))).toBe(1);
    db.close();
  });
});
