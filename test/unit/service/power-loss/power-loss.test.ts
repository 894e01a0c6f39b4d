import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { NullspaceClient } from "../../../../sdk/client/index.ts";
import { socketFolder } from "../../../socket-folder.ts";
import { ForgetfulDisk } from "./forgetful-disk.ts";
import { serve } from "./served-folder.ts";

// The loader ends the path of what it preloads at a space, and a socket's path has to be short.
const { path: scratch, remove } = socketFolder();
afterAll(remove);

interface Acknowledged {
  claims: string[];
  blobs: Map<string, number>;
}

/** Claims names and uploads files, small and large, one by one and together, until the power goes. */
async function work(client: NullspaceClient, lane: number, done: Acknowledged): Promise<void> {
  for (let turn = 0; ; turn++) {
    const name = `lane-${lane}-${turn}`;
    await client.templates.reserveName(name);
    done.claims.push(name);
    const contents = ["a", "b", "c"].map((one) => Buffer.from(name + one));
    if (turn % 3 === 0) contents.push(Buffer.alloc(100_000, name));
    const files = contents.map((bytes, index) => ({
      path: `f${index}`,
      entry_type: "file" as const,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      size_bytes: bytes.length,
    }));
    const ids = (await client.blobs.preflight(files)).map(({ blob_id }) => blob_id!);
    const acknowledge = (index: number) => done.blobs.set(files[index]!.sha256, files[index]!.size_bytes);
    await client.blobs.putBatch([0, 1].map((index) => ({ blobId: ids[index]!, bytes: contents[index]! })));
    [0, 1].forEach(acknowledge);
    for (let index = 2; index < contents.length; index++) {
      const bytes = contents[index]!;
      await client.blobs.put(ids[index]!, { open: () => bytes, sizeBytes: bytes.length });
      acknowledge(index);
    }
  }
}

it.each([40, 120, 400])(
  "all that was acknowledged is there after a loss of power, after %d claims",
  async (count) => {
    const place = join(scratch, String(count));
    const data = join(place, "data");
    mkdirSync(data, { recursive: true });
    const disk = new ForgetfulDisk(data, place);
    const before = await serve(data, disk.env);
    const done: Acknowledged = { claims: [], blobs: new Map() };
    const lanes = Array.from({ length: 4 }, (_, lane) => work(before.client, lane, done).catch(() => undefined));
    while (done.claims.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    await before.end("SIGKILL");
    await Promise.all(lanes);

    const after = join(place, "after");
    disk.restoreTo(after);
    // The key was shown, so it is good.
    const again = await serve(after, {}, before.apiKey);
    try {
      // Claimed already: it is ours still, and nobody has it twice.
      const lost: string[] = [];
      const { DatabaseSync } = await import("node:sqlite");
      const db = new DatabaseSync(join(after, "store.db"), { readOnly: true });
      const names = new Set(
        db
          .prepare("SELECT name FROM claims")
          .all()
          .map(({ name }) => name),
      );
      db.close();
      lost.push(...done.claims.filter((name) => !names.has(name)));
      const files = [...done.blobs].map(([sha256, size_bytes], index) => ({
        path: `f${index}`,
        entry_type: "file" as const,
        sha256,
        size_bytes,
      }));
      const results = await again.client.blobs.preflight(files);
      lost.push(...results.filter(({ missing }) => missing).map(({ blob_id }) => blob_id!));
      expect(lost).toEqual([]);
      expect(done.claims.length).toBeGreaterThanOrEqual(count);
      expect(files.length).toBeGreaterThan(count);
    } finally {
      await again.end("SIGTERM");
    }
  },
  120_000,
);
