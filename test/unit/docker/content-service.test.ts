import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientDuplexStream, Client, credentials, Metadata, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { grpcMethod } from "../../../sdk/docker/grpc/grpc-method.ts";
import { serveGrpc } from "../../../sdk/docker/grpc/grpc-server.ts";
import {
  ContentDefinition,
  WriteAction,
  type WriteContentRequest,
  type WriteContentResponse,
} from "../../../sdk/docker/protos/generated/content.ts";
import { BlobDraft, removeForsakenDrafts } from "../../../sdk/docker/session/content/blob-draft.ts";
import { contentService } from "../../../sdk/docker/session/content/content-service.ts";
import type { ContentStore } from "../../../sdk/docker/session/content/content-store.ts";
import { OciLayout } from "../../../sdk/docker/session/content/oci-layout.ts";

let dir: string;
let client: Client;
const stores = new Map<string, ContentStore>();
const listener = net.createServer((socket) => {
  socket.on("error", () => {});
  serveGrpc(socket, contentService(stores));
});

beforeAll(async () => {
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  client = new Client(`127.0.0.1:${(listener.address() as AddressInfo).port}`, credentials.createInsecure());
});
afterAll(() => {
  client.close();
  listener.close();
});
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nullspace-content-"));
  const store = (isWritable: boolean): ContentStore => ({
    layout: new OciLayout(dir),
    isWritable,
    writes: new Map(),
    lastWritten: undefined,
  });
  stores.set("to-write", store(true)).set("to-read", store(false));
  return () => rm(dir, { recursive: true });
});

function metadata(name: string): Metadata {
  const headers = new Metadata();
  headers.set("buildkit-attachable-store-id", name);
  return headers;
}

/** Reads a blob over gRPC, as BuildKit does. */
async function read(digest: string, offset = 0n, size = 0n): Promise<Buffer> {
  const method = grpcMethod(ContentDefinition, "read");
  const call = client.makeServerStreamRequest(
    method.path,
    (request: Parameters<typeof method.request.encode>[0]) => Buffer.from(method.request.encode(request)),
    (bytes) => method.response.decode(bytes),
    { digest, offset, size },
    metadata("to-read"),
  );
  const chunks: Uint8Array[] = [];
  for await (const { data } of call as AsyncIterable<{ data: Uint8Array }>) chunks.push(data);
  return Buffer.concat(chunks);
}

type Write = ClientDuplexStream<WriteContentRequest, WriteContentResponse>;

function openWrite(store = "to-write"): Write {
  const method = grpcMethod(ContentDefinition, "write");
  return client.makeBidiStreamRequest(
    method.path,
    (request: WriteContentRequest) => Buffer.from(method.request.encode(request)),
    (bytes) => method.response.decode(bytes),
    metadata(store),
  );
}

/** Sends one message of a write. @returns its answer */
async function say(write: Write, message: Partial<WriteContentRequest>): Promise<WriteContentResponse> {
  const answer = once(write, "data") as Promise<[WriteContentResponse]>;
  const empty = {
    ref: "",
    total: 0n,
    expected: "",
    offset: 0n,
    data: new Uint8Array(0),
    labels: new Map<string, string>(),
  };
  write.write({ action: WriteAction.WRITE, ...empty, ...message });
  return (await answer)[0];
}

const digestOf = (data: Uint8Array | string) => `sha256:${createHash("sha256").update(data).digest("hex")}`;
const blobs = () => readdir(join(dir, "blobs", "sha256")).catch(() => []);
const drafts = () => readdir(join(dir, "ingest")).catch(() => []);

async function putBlob(name: string, data: string): Promise<void> {
  await mkdir(join(dir, "blobs", "sha256"), { recursive: true });
  await writeFile(join(dir, "blobs", "sha256", name.replace("sha256:", "")), data);
}

describe("a folder that BuildKit reads", () => {
  it("gives a blob, as a whole and in parts", async () => {
    const text = "0123456789".repeat(300_000);
    await putBlob(digestOf(text), text);
    expect((await read(digestOf(text))).equals(Buffer.from(text))).toBe(true);
    expect(String(await read(digestOf(text), 12n, 5n))).toBe("23456");
    expect(String(await read(digestOf(text), 2_999_995n, 100n))).toBe("56789");
    await expect(read(digestOf(text), 3_000_001n)).rejects.toMatchObject({ code: status.OUT_OF_RANGE });
  });

  it.each([
    ["sha256:../../../../etc/passwd", status.INVALID_ARGUMENT],
    [`sha256:${"a".repeat(63)}/`, status.INVALID_ARGUMENT],
    ["", status.INVALID_ARGUMENT],
    [digestOf("not there"), status.NOT_FOUND],
  ])("gives nothing for %s", async (digest, code) => {
    await expect(read(digest)).rejects.toMatchObject({ code });
  });

  it("gives no blob whose content is another", async () => {
    await putBlob(digestOf("true"), "fake");
    await expect(read(digestOf("true"))).rejects.toMatchObject({
      code: status.DATA_LOSS,
      details: expect.stringContaining("delete the folder") as string,
    });
  });

  it("takes no blob", async () => {
    const write = openWrite("to-read");
    await expect(say(write, { ref: "r" })).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    expect(await drafts()).toEqual([]);
  });
});

describe("a folder that BuildKit writes", () => {
  it("has a blob once it is complete and as announced", async () => {
    const data = Buffer.from("a blob");
    const write = openWrite();
    const expected = digestOf(data);
    expect(await say(write, { action: WriteAction.STAT, ref: "r", total: 6n, expected })).toMatchObject({ offset: 0n });
    expect(await say(write, { data: data.subarray(0, 2) })).toMatchObject({ offset: 2n });
    // As a retry of BuildKit begins again.
    expect(await say(write, { data })).toMatchObject({ offset: 6n, digest: expected });
    expect(await blobs()).toEqual([]);
    expect(await say(write, { action: WriteAction.COMMIT, offset: 6n, expected })).toMatchObject({ digest: expected });
    expect([`sha256:${(await blobs())[0]}`, await drafts()]).toEqual([expected, []]);
    expect(stores.get("to-write")!.lastWritten).toBe(expected);
    const again = openWrite();
    await expect(say(again, { ref: "r", expected })).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
  });

  it.each<[string, Partial<WriteContentRequest>]>([
    ["another digest", { action: WriteAction.COMMIT, offset: 3n, expected: digestOf("other") }],
    ["another size", { action: WriteAction.COMMIT, offset: 3n, total: 4n }],
    ["a gap", { offset: 5n, data: Buffer.from("x") }],
    ["a digest that is none", { action: WriteAction.COMMIT, offset: 3n, expected: "sha256:../../x" }],
  ])("has nothing of a write that ends with %s", async (_name, last) => {
    const write = openWrite();
    await say(write, { ref: "r", data: Buffer.from("abc") });
    await expect(say(write, last)).rejects.toMatchObject({ code: expect.any(Number) as number });
    await expect.poll(drafts).toEqual([]);
    expect(await blobs()).toEqual([]);
  });

  it("has nothing of a write that was cut off", async () => {
    const write = openWrite();
    write.on("error", () => {});
    await say(write, { ref: "r", data: Buffer.from("abc") });
    expect(await drafts()).toHaveLength(1);
    write.cancel();
    await expect.poll(drafts).toEqual([]);
    expect(await blobs()).toEqual([]);
  });

  it("takes blobs while another build that writes there ends", async () => {
    const layout = new OciLayout(dir);
    let isOver = false;
    const ending = (async () => {
      while (!isOver) await removeForsakenDrafts(layout);
    })();
    try {
      for (let count = 0; count < 300; count++) await (await BlobDraft.open(layout))[Symbol.asyncDispose]();
    } finally {
      isOver = true;
      await ending;
    }
  });

  it("takes the place of a damaged blob", async () => {
    await putBlob(digestOf("true"), "fake");
    const write = openWrite();
    const expected = digestOf("true");
    await say(write, { action: WriteAction.COMMIT, ref: "r", expected, data: Buffer.from("true") });
    expect(String(await read(expected))).toBe("true");
  });
});
