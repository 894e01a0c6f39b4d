import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { LonelyService } from "./lonely-service.ts";

let service: LonelyService;
let client: NullspaceClient;

beforeAll(async () => {
  service = await LonelyService.start();
  client = new NullspaceClient({ baseUrl: service.service.url, apiKey: service.service.apiKey, env: {} });
});

afterAll(async () => {
  await client.close();
  await service[Symbol.asyncDispose]();
});

const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");

function ask(...contents: string[]) {
  const files = contents.map((content, index) => ({
    path: `f${index}`,
    entry_type: "file" as const,
    sha256: sha256(content),
    size_bytes: Buffer.byteLength(content),
  }));
  return client.blobs.ask(files);
}

async function missing(...contents: string[]): Promise<boolean[]> {
  return (await ask(...contents)).results.map((result) => result.missing);
}

it("says how much it takes together, and stores what comes so", async () => {
  const contents = ["", "one", "two"];
  const { results, batch } = await ask(...contents);
  expect(batch).toEqual({ max_blobs: 500, max_bytes: 2 * 1024 * 1024 });
  await client.blobs.putBatch(
    results.map(({ blob_id }, index) => ({ blobId: blob_id!, bytes: Buffer.from(contents[index]!) })),
  );
  expect(await missing(...contents)).toEqual([false, false, false]);
});

it("stores nothing of a batch of which one body is wrong, unknown, or too much", async () => {
  const { results } = await ask("right", "wrong");
  const [right, wrong] = results.map(({ blob_id }) => blob_id!);
  const good = { blobId: right!, bytes: Buffer.from("right") };
  for (const [bad, reason] of [
    [{ blobId: wrong!, bytes: Buffer.from("wRong") }, "digest_mismatch"],
    [{ blobId: wrong!, bytes: Buffer.from("wrong ") }, "size_mismatch"],
    [{ blobId: "blob_none", bytes: Buffer.from("") }, "unknown_blob"],
  ] as const) {
    await expect(client.blobs.putBatch([good, bad])).rejects.toMatchObject({
      code: "file_upload_error",
      detail: { details: { reason } },
    });
  }
  const many = Array.from({ length: 501 }, () => good);
  await expect(client.blobs.putBatch(many)).rejects.toMatchObject({
    detail: { details: { reason: "batch_too_large" } },
  });
  expect(await missing("right", "wrong")).toEqual([true, true]);
});

it("keeps a small body in the store and a large one as a file, one by one too", async () => {
  const [small, large] = ["s".repeat(64 * 1024), "l".repeat(64 * 1024 + 1)];
  const { results } = await ask(small, large);
  for (const [index, content] of [small, large].entries()) {
    const bytes = Buffer.from(content);
    await client.blobs.put(results[index]!.blob_id!, { open: () => bytes, sizeBytes: bytes.length });
  }
  expect(await missing(small, large)).toEqual([false, false]);
  const isFile = (digest: string) => existsSync(join(service.dataDirectory, "blobs", digest.slice(0, 2), digest));
  expect([small, large].map(sha256).map(isFile)).toEqual([false, true]);
});
