import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, it } from "vitest";
import { backUp } from "../../../service/backup.ts";
import { startLocalService } from "../../../service/index.ts";
import { LonelyService } from "./lonely-service.ts";

const folder = mkdtempSync(join(tmpdir(), "nullspace-backup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;

function read<T>(path: string, sql: string): T[] {
  const db = new DatabaseSync(join(path, "store.db"), { readOnly: true });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}

/** @returns its token */
const claim = async (service: LonelyService, name: string): Promise<string> => {
  const { status, json } = await service.call("POST", "/v1/templates/claims", { template_ref: name });
  expect(status).toBeLessThan(300);
  return json.claim_token;
};

/** Sends a file that is too large to be a row of the store. */
async function upload(service: LonelyService, content: Buffer): Promise<string> {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const files = [{ path: "f", entry_type: "file", sha256, size_bytes: content.length }];
  const { json } = await service.call("POST", "/v1/templates/blobs/preflight", { files });
  const { status } = await service.raw("PUT", `/v1/templates/blobs/${json.files[0].blob_id}`, { body: content });
  expect(status).toBeLessThan(300);
  return sha256;
}

describe("a backup of a data folder whose service runs", () => {
  it("holds all that was acknowledged before it began, whole, whatever is written meanwhile", async () => {
    await using service = await LonelyService.start();
    const acknowledged: string[] = [];
    let isOver = false;
    const callers = Array.from({ length: 4 }, async (_, caller) => {
      for (let n = 0; !isOver; n++) {
        const name = `c${caller}-${n}`;
        await claim(service, name);
        acknowledged.push(name);
      }
    });
    try {
      for (let round = 0; round < 5; round++) {
        const before = [...acknowledged];
        const path = join(folder, `round-${round}`);
        await backUp(service.dataDirectory, path, never);
        expect(read(path, "PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
        const names = new Set(read<{ name: string }>(path, "SELECT name FROM claims").map(({ name }) => name));
        expect(before.filter((name) => !names.has(name))).toEqual([]);
      }
    } finally {
      isOver = true;
      await Promise.all(callers);
    }
    expect(acknowledged.length).toBeGreaterThan(0);
  });

  it("is a data folder that a service serves, with its keys, under an id of its own, its owner's alone", async () => {
    await using service = await LonelyService.start();
    await claim(service, "kept");
    const content = Buffer.alloc(100_000, "large");
    const sha256 = await upload(service, content);
    const path = join(folder, "deep", "served");
    expect(await backUp(service.dataDirectory, path, never)).toMatchObject({ path, files: 1, missingFiles: 0 });

    const id = (of: string) => readFileSync(join(of, "instance-id"), "utf8");
    expect(id(path)).not.toBe(id(service.dataDirectory));
    const modes = readdirSync(path, { recursive: true }).map((name) => statSync(join(path, String(name))).mode & 0o077);
    expect(new Set(modes)).toEqual(new Set([0]));
    const copy = await startLocalService({
      port: 0,
      dataDirectory: path,
      dockerHost: `unix://${path}/none.sock`,
      logLevel: "silent",
    });
    await copy.close();
    expect(readFileSync(join(path, "blobs", sha256.slice(0, 2), sha256))).toEqual(content);
    expect(read(path, "SELECT name FROM claims")).toEqual([{ name: "kept" }]);
  });

  it("asks again for a file that had gone, or was cut", async () => {
    await using service = await LonelyService.start();
    const [gone, cut] = [
      await upload(service, Buffer.alloc(70_000, 1)),
      await upload(service, Buffer.alloc(70_000, 2)),
    ];
    const file = (sha256: string) => join(service.dataDirectory, "blobs", sha256.slice(0, 2), sha256);
    rmSync(file(gone));
    writeFileSync(file(cut), "cut");
    const path = join(folder, "gone");
    expect(await backUp(service.dataDirectory, path, never)).toMatchObject({ files: 0, missingFiles: 2 });
    expect(read(path, "SELECT digest FROM blobs WHERE stored_at IS NOT NULL")).toEqual([]);
  });

  it("holds nothing that was deleted", async () => {
    await using service = await LonelyService.start();
    const token = await claim(service, "soon-forgotten-name");
    const path = join(folder, "deleted");
    await backUp(service.dataDirectory, `${path}-before`, never);
    await service.call("DELETE", `/v1/templates/claims/${token}`);
    await backUp(service.dataDirectory, path, never);
    const holds = (of: string) => readFileSync(join(of, "store.db")).includes(token);
    expect([holds(`${path}-before`), holds(path)]).toEqual([true, false]);
    expect(readdirSync(path).sort()).toEqual(["blobs", "instance-id", "store.db"]);
  });
});

describe("a backup that cannot be made", () => {
  it("says why, and leaves nothing behind", async () => {
    await using service = await LonelyService.start();
    const { dataDirectory } = service;
    const place = mkdtempSync(join(folder, "refused-"));
    const occupied = join(place, "occupied");
    mkdirSync(occupied);
    writeFileSync(join(occupied, "mine"), "");
    const refused = (from: string, to: string) => backUp(from, to, never).catch((error: unknown) => error);

    expect(await refused(dataDirectory, occupied)).toMatchObject({
      code: "backup_failed",
      message: expect.stringMatching(/exists already/),
    });
    expect(await refused(join(place, "none"), join(place, "to"))).toMatchObject({
      message: expect.stringMatching(/there is no store in/),
    });
    expect(await refused(dataDirectory, join(dataDirectory, "inside"))).toMatchObject({
      message: expect.stringMatching(/lies in the data folder itself/),
    });
    writeFileSync(join(place, "file"), "");
    expect(await refused(dataDirectory, join(place, "file", "to"))).toMatchObject({ code: "backup_failed" });
    expect(readdirSync(place).sort()).toEqual(["file", "occupied"]);
    expect(existsSync(join(dataDirectory, "inside"))).toBe(false);
  });

  it("is interrupted without a trace", async () => {
    await using service = await LonelyService.start();
    await upload(service, Buffer.alloc(70_000, 3));
    const place = mkdtempSync(join(folder, "interrupted-"));
    const interrupted = AbortSignal.abort(new Error("interrupted"));
    await expect(backUp(service.dataDirectory, join(place, "to"), interrupted)).rejects.toThrow("interrupted");
    expect(readdirSync(place)).toEqual([]);
  });
});
