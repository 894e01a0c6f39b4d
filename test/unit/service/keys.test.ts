import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataDirectory } from "../../../service/data-directory.ts";
import { createApp } from "../../../service/http/app.ts";
import { startLocalService } from "../../../service/index.ts";
import { keyRing } from "../../../service/keys/key-ring.ts";
import { serveDataFolder } from "../../../service/local-service.ts";
import { ApiKeyStore } from "../../../service/store/api-keys.ts";
import { Database } from "../../../service/store/database.ts";

const COMMAND = [
  "--conditions=nullspace-source",
  "--disable-warning=ExperimentalWarning",
  "service/bin/nullspace-local.ts",
];

let folder: string;
let children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "nullspace-keys-"));
});

afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

const data = () => join(folder, "data");
const options = () => ({
  port: 0,
  dataDirectory: data(),
  dockerHost: `unix://${folder}/none.sock`,
  logLevel: "silent" as const,
});

function keys(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, "keys", ...words, "--data", data()], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

function createKey(name: string): string {
  return /^NULLSPACE_API_KEY=(ns_local_[\w-]{32})\n$/.exec(keys("create", name).stdout)?.[1] ?? "";
}

async function statusOf(url: string, key: string): Promise<number> {
  const answer = await fetch(`${url}/v1/templates`, { headers: { authorization: `Bearer ${key}` } });
  await answer.text();
  return answer.status;
}

/** The command, started under a umask, once it has said where it is; and what it prints. */
async function serveCommand(
  umask: string,
  env: Record<string, string> = {},
): Promise<{ out: Map<string, string>; child: ChildProcess }> {
  const words = [...COMMAND, "serve", "--port", "0", "--data", data(), "--docker-host", `unix://${folder}/none.sock`];
  const child = spawn("sh", ["-c", `umask ${umask}; exec "$@"`, "sh", process.execPath, ...words], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  children.push(child);
  const out = new Map<string, string>();
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => out.set(line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)));
  // It writes all at once.
  await once(lines, "line");
  return { out, child };
}

/** Whether any file of the data folder holds the text. */
function isOnDisk(text: string): boolean {
  return everything(data()).some((path) => statSync(path).isFile() && readFileSync(path).includes(text));
}

function everything(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
}

describe("the keys of a data folder", () => {
  it("begin with one that the first start makes and shows, and no later one", async () => {
    const first = await serveDataFolder(options());
    const key = first.shownOnce ?? "";
    expect(key).toMatch(/^ns_local_/);
    expect(await statusOf(first.url, key)).toBe(200);
    await first.close();
    expect(isOnDisk(key)).toBe(false);
    const second = await serveDataFolder(options());
    expect(second.shownOnce).toBeUndefined();
    expect(await statusOf(second.url, key)).toBe(200);
    await second.close();
  });

  it("are not made again once all are revoked", async () => {
    expect(createKey("only")).not.toBe("");
    expect(keys("revoke", "only").status).toBe(0);
    const service = await serveDataFolder(options());
    expect(service.shownOnce).toBeUndefined();
    await service.close();
  });

  it(
    "are made, listed and revoked by a command while the service runs, which knows at once",
    { timeout: 30_000 },
    async () => {
      const service = await serveDataFolder(options());
      const key = createKey("ci");
      expect(await statusOf(service.url, key)).toBe(200);
      const list = keys("list").stdout;
      expect(list).toMatch(/^ID +NAME +CREATED +LAST USED +STATE\n/);
      expect(list).toMatch(/\nkey_\w+ +ci +\S+Z +\S+Z +valid\n/);
      expect(list).not.toContain(key);
      expect(keys("revoke", "ci").stdout).toMatch(/^The key ci \(key_\w+\) is revoked\.\n$/);
      expect(await statusOf(service.url, key)).toBe(401);
      expect(await statusOf(service.url, service.shownOnce ?? "")).toBe(200);
      expect(keys("list").stdout).toMatch(/ ci +\S+Z +\S+Z +revoked /);
      // The name is free again, and the old key stays worthless.
      expect(await statusOf(service.url, createKey("ci"))).toBe(200);
      expect(await statusOf(service.url, key)).toBe(401);
      await service.close();
      expect(isOnDisk(key)).toBe(false);
    },
  );

  it.each([
    [["create"], 2, "invalid_arguments"],
    [["make", "x"], 2, "invalid_arguments"],
    [["create", "no/slash"], 1, "invalid_request"],
    [["create", "taken"], 1, "conflict"],
    [["revoke", "nobody"], 1, "api_key_not_found"],
  ])("%j is told in one line of JSON", { timeout: 30_000 }, (words, status, code) => {
    createKey("taken");
    const ended = keys(...words);
    expect([ended.status, ended.stdout]).toEqual([status, ""]);
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { code } });
  });

  it("take over the key that an earlier version kept in the clear, shown once more", async () => {
    openDataDirectory(data()).close();
    const old = "ns_local_of-an-earlier-version";
    writeFileSync(join(data(), "api-key"), `${old}\n`);
    const service = await serveDataFolder(options());
    expect(service.shownOnce).toBe(old);
    expect(await statusOf(service.url, old)).toBe(200);
    expect(existsSync(join(data(), "api-key"))).toBe(false);
    await service.close();
    expect(isOnDisk(old)).toBe(false);
  });

  it(
    "are joined by the one that the environment gives, which is good for that start only",
    { timeout: 30_000 },
    async () => {
      const NULLSPACE_LOCAL_API_KEY = "a-key-from-the-pipeline-0123456789abcdef";
      const { out, child } = await serveCommand("022", { NULLSPACE_LOCAL_API_KEY });
      const url = out.get("NULLSPACE_API_URL") ?? "";
      expect(await statusOf(url, NULLSPACE_LOCAL_API_KEY)).toBe(200);
      expect(out.has("NULLSPACE_API_KEY")).toBe(false);
      child.kill("SIGTERM");
      await once(child, "exit");
      const service = await serveDataFolder(options());
      expect(await statusOf(service.url, NULLSPACE_LOCAL_API_KEY)).toBe(401);
      await service.close();
      await expect(startLocalService({ ...options(), apiKey: "short" })).rejects.toMatchObject({
        code: "weak_api_key",
      });
    },
  );

  it("end what is being answered soon after they are revoked", async () => {
    const db = new Database(":memory:");
    const store = new ApiKeyStore(db);
    store.add("ci", "key-of-ci");
    store.add("other", "key-of-another");
    const stopping = new AbortController();
    const app = createApp({
      logger: pino({ level: "silent" }),
      keys: keyRing([], store),
      refExists: () => false,
      stopping: stopping.signal,
    });
    app.get("/stream", (_request, reply) => {
      reply.hijack();
      reply.raw.write("begun\n");
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}/stream`;
    const open = async (key: string) => {
      const reader = (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).body!.getReader();
      await reader.read();
      return reader.read().then(
        () => "ended",
        () => "ended",
      );
    };
    const [mine, other] = [open("key-of-ci"), open("key-of-another")];
    const startedMs = performance.now();
    setTimeout(() => store.revoke("ci"), 50);
    expect(await Promise.race([mine, other.then(() => "the other one ended")])).toBe("ended");
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    await app.close();
    db.close();
  });
});

describe("what is done with a key", () => {
  it("is recorded with its id and name", async () => {
    const service = await serveDataFolder(options());
    const key = createKey("deployer");
    const headers = { authorization: `Bearer ${key}` };
    const db = new DatabaseSync(join(data(), "store.db"));
    db.exec(
      `INSERT INTO templates (namespace, name, visibility, builtin, created_at, updated_at)
       VALUES ('local', 'web', 'private', 0, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z')`,
    );
    const removed = await fetch(`${service.url}/v1/templates/local%2Fweb`, { method: "DELETE", headers });
    expect(removed.status).toBeLessThan(300);
    const rows = db.prepare("SELECT actor, key_id, action FROM audit_events ORDER BY event_id").all();
    const [id] = db.prepare("SELECT key_id FROM api_keys WHERE name = 'deployer'").all();
    db.close();
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { actor: "service", key_id: null, action: "key_created" },
      { actor: "command line", key_id: null, action: "key_created" },
      { actor: "deployer", key_id: id?.key_id, action: "template_deleted" },
    ]);
    await service.close();
  });
});

describe("the data folder", () => {
  it.each(["000", "022", "077"])(
    "is its owner's alone with all that is in it, under umask %s",
    { timeout: 30_000 },
    async (umask) => {
      const { out } = await serveCommand(umask);
      const url = out.get("NULLSPACE_API_URL") ?? "";
      await expect.poll(() => out.has("NULLSPACE_API_KEY")).toBe(true);
      const sha256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
      const headers = { authorization: `Bearer ${out.get("NULLSPACE_API_KEY")}` };
      const file = { path: "a", entry_type: "file", mode: "0644", sha256, size_bytes: 5 };
      const asked = await fetch(`${url}/v1/templates/blobs/preflight`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ files: [file] }),
      });
      expect(asked.status).toBe(200);
      const put = await fetch(`${url}/v1/templates/blobs/blob_${sha256}`, { method: "PUT", headers, body: "hello" });
      expect(put.status).toBeLessThan(300);
      const entries = everything(data());
      expect(entries.length).toBeGreaterThan(6);
      expect(statSync(data()).mode & 0o777).toBe(0o700);
      for (const path of entries) {
        const stats = statSync(path);
        expect([path, (stats.mode & 0o777).toString(8)]).toEqual([path, stats.isDirectory() ? "700" : "600"]);
      }
    },
  );

  it("is so in a process of any umask, too, and files of an earlier version become so", async () => {
    const before = process.umask(0);
    try {
      const service = await startLocalService(options());
      await service.close();
      for (const name of ["store.db", "lock.db", "instance-id"]) chmodSync(join(data(), name), 0o644);
      chmodSync(data(), 0o755);
      const again = await startLocalService(options());
      for (const name of ["store.db", "store.db-wal", "store.db-shm", "lock.db", "instance-id"]) {
        expect([name, statSync(join(data(), name)).mode & 0o777]).toEqual([name, 0o600]);
      }
      expect(statSync(data()).mode & 0o777).toBe(0o700);
      await again.close();
    } finally {
      process.umask(before);
    }
  });

  it("is refused, and left as it is, when it holds something else, is open to others or belongs to another user", () => {
    const refused = (reason: RegExp) => {
      const before = [statSync(data()).mode, ...readdirSync(data())];
      expect(() => openDataDirectory(data())).toThrow(
        expect.objectContaining({ code: "data_directory_unusable", message: expect.stringMatching(reason) }),
      );
      expect([statSync(data()).mode, ...readdirSync(data())]).toEqual(before);
    };
    mkdirSync(data());
    writeFileSync(join(data(), "thesis.txt"), "");
    chmodSync(data(), 0o755);
    refused(/holds other things, such as thesis\.txt/);
    rmSync(join(data(), "thesis.txt"));
    for (const mode of [0o777, 0o1777, 0o770]) {
      chmodSync(data(), mode);
      refused(new RegExp(`others can write to it \\(mode ${mode.toString(8)}\\)`));
    }
    // An empty one of ours becomes private.
    chmodSync(data(), 0o755);
    openDataDirectory(data()).close();
    expect(statSync(data()).mode & 0o777).toBe(0o700);
  });

  it.runIf(process.getuid?.() === 0)("of another user is refused, also by root", async () => {
    const { chownSync } = await import("node:fs");
    mkdirSync(data());
    chownSync(data(), 12345, 12345);
    expect(() => openDataDirectory(data())).toThrow(/belongs to the user 12345/);
    expect(statSync(data()).mode & 0o777).not.toBe(0o700);
  });
});
