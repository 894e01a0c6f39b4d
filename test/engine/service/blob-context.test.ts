import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { BlobStore } from "../../../service/blobs/blob-store.ts";
import { FolderBlobBytes } from "../../../service/blobs/folder-blob-bytes.ts";
import type { ArchiveEntry } from "../../../service/builds/context-archive.ts";
import { blobContext } from "../../../service/builders/blob-context.ts";
import { Database } from "../../../service/store/database.ts";
import { BASE_IMAGE } from "./running-service.ts";

const folder = mkdtempSync(join(tmpdir(), "engine-context-"));
const db = new Database(join(folder, "store.db"));
const blobs = new BlobStore(db, new FolderBlobBytes(join(folder, "blobs")));
const engine = new DockerEngine();
const tag = `nullspace-context-test-${process.pid}:1`;

afterAll(async () => {
  await engine.images.remove(tag, { force: true });
  await engine.close();
  db.close();
  rmSync(folder, { recursive: true });
});

async function file(path: string, text: string, mode = 0o644): Promise<ArchiveEntry> {
  await blobs.putInline([{ bytes: Buffer.from(text), path }]);
  const digest = createHash("sha256").update(text).digest("hex");
  return { path, type: "file", mode, body: { digest, sizeBytes: Buffer.byteLength(text) } };
}

it.each(["buildkit", "classic"] as const)(
  "a %s build sees the entries as they are, and no Dockerfile",
  async (builder) => {
    const entries = [
      await file("large", "x".repeat(100_000)),
      await file("b.c", "sorts before what is in b", 0o755),
      await file("b/c", ""),
      await file("ü €.txt", "1"),
      { path: "empty", type: "dir", mode: 0o700 } as const,
    ];
    const text = `FROM ${BASE_IMAGE}\nCOPY . /app\nRUN cd /app && find . | sort && stat -c '%a %s' b.c large empty # ${Math.random()}\n`;
    const context = blobContext(blobs, { text, entries, sharedKey: `test/${process.pid}` });
    const printed: string[] = [];
    for await (const progress of engine.build({ context, builder, tags: tag })) {
      if (progress.kind === "log" && progress.stepId !== undefined)
        printed.push(...progress.text.trimEnd().split("\n"));
    }
    const paths = [".", "./b", "./b.c", "./b/c", "./empty", "./large", "./ü €.txt"];
    expect(printed).toEqual(expect.arrayContaining([...paths, "755 25", "644 100000"]));
    expect(printed.filter((line) => line.startsWith("."))).toEqual(paths);
  },
);
