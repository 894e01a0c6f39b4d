import { once } from "node:events";
import { connect } from "node:http2";
import net, { type AddressInfo } from "node:net";
import { Client, type ClientDuplexStream, credentials, Metadata } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { frameMessages } from "../../../sdk/docker/grpc/grpc-framing.ts";
import { serveGrpc } from "../../../sdk/docker/grpc/grpc-server.ts";
import { Packet, Packet_PacketType as PACKET } from "../../../sdk/docker/protos/generated/packet.ts";
import { fileSyncService } from "../../../sdk/docker/session/filesync/file-sync-service.ts";
import type { FolderListing } from "../../../sdk/docker/session/filesync/synced-folder.ts";

const LARGE = 200_000;
const failures: unknown[] = [];
const ends: (() => void)[] = [];
afterEach(() => {
  failures.length = 0;
  for (const end of ends.splice(0)) end();
});

/** A folder of files of these sizes, each full of a byte of its own. */
function folderOf(sizes: readonly number[], onRead: (ids: readonly number[]) => void = () => {}): FolderListing {
  const content = (id: number) => Buffer.alloc(sizes[id]!, id);
  return {
    length: sizes.length,
    stat: (id) => ({
      path: Buffer.from(`f${String(id).padStart(6, "0")}`),
      type: "file",
      mode: 0o644,
      size: sizes[id]!,
      mtimeNs: 1n,
    }),
    async *open(id) {
      onRead([id]);
      yield content(id).subarray(0, 1_000);
      yield content(id).subarray(1_000);
    },
    async readAll(ids) {
      onRead(ids);
      return ids.map(content);
    },
  };
}

/** Serves a folder. @returns the port, and the path of the call */
async function serve(folder: FolderListing): Promise<{ port: number; path: string }> {
  const service = fileSyncService(new Map([["context", { list: () => folder }]]), (error) => failures.push(error));
  const server = net.createServer((socket) => void serveGrpc(socket, service)).listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, path: service[0]!.path };
}

/** Asks for a folder by a client that is not ours. */
async function askFor(folder: FolderListing): Promise<ClientDuplexStream<Packet, Packet>> {
  const { port, path } = await serve(folder);
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  ends.push(() => client.close());
  const metadata = new Metadata();
  metadata.add("dir-name", "context");
  return client.makeBidiStreamRequest<Packet, Packet>(path, bytesOf, (bytes) => Packet.decode(bytes), metadata);
}

const bytesOf = (packet: Packet) => Buffer.from(Packet.encode(packet).finish());
const asking = (ID: number): Packet => ({ type: PACKET.PACKET_REQ, stat: undefined, ID, data: new Uint8Array(0) });
const finished: Packet = { type: PACKET.PACKET_FIN, stat: undefined, ID: 0, data: new Uint8Array(0) };

it("sends each file that is asked for, whole and once, whether small, large or empty, while the list goes on", async () => {
  const sizes = Array.from({ length: 3_000 }, (_, id) => (id % 500 === 7 ? LARGE : (id * 7) % 3_000));
  const call = await askFor(folderOf(sizes));
  const received = sizes.map(() => [] as Buffer[]);
  const ended = new Set<number>();
  let listed = 0;
  let listedAtFirstContent: number | undefined;
  for await (const { type, stat, ID, data } of call as AsyncIterable<Packet>) {
    if (type === PACKET.PACKET_STAT && stat) call.write(asking(listed++));
    if (type === PACKET.PACKET_FIN) call.end();
    if (type !== PACKET.PACKET_DATA) continue;
    listedAtFirstContent ??= listed;
    expect(ended.has(ID)).toBe(false);
    if (data.length > 0) received[ID]!.push(Buffer.from(data));
    else ended.add(ID);
    if (ended.size === sizes.length) call.write(finished);
  }
  expect(listed).toBe(sizes.length);
  expect(listedAtFirstContent).toBeLessThan(sizes.length);
  for (const [id, size] of sizes.entries()) {
    expect(Buffer.concat(received[id]!).equals(Buffer.alloc(size, id))).toBe(true);
  }
  expect(failures).toEqual([]);
});

it("reads one batch while another is being written, and no more while nobody takes them", async () => {
  let batches = 0;
  // None fits into what may be on its way to a client that takes nothing.
  const sizes = Array.from({ length: 100 }, () => 100_000);
  const { port, path } = await serve(folderOf(sizes, () => batches++));
  // Node's own client takes nothing before it is read.
  const session = connect(`http://127.0.0.1:${port}`);
  ends.unshift(() => session.destroy());
  const call = session.request({ ":method": "POST", ":path": path, "dir-name": "context" });
  call.write(frameMessages([...sizes.keys()].map((id) => bytesOf(asking(id)))));
  await expect.poll(() => batches).toBe(2);
  // Some ways there and back on the same connection: whatever is read without being taken has been by then.
  for (let i = 0; i < 10; i++) {
    const other = session.request({ ":method": "POST", ":path": "/none" });
    other.end();
    await other.toArray();
  }
  expect(batches).toBe(2);
  expect(failures).toEqual([]);
});

it("tells why a file could not be read, also one that is read while another is being written", async () => {
  let batches = 0;
  const folder = folderOf(Array.from({ length: 40 }, () => 100_000));
  const call = await askFor({
    ...folder,
    async readAll(ids, signal) {
      if (++batches === 3) throw new Error("the file f000025 has changed");
      return folder.readAll!(ids, signal);
    },
  });
  for (let id = 0; id < folder.length; id++) call.write(asking(id));
  await expect(call.toArray()).rejects.toMatchObject({
    details: "the folder context could not be sent: the file f000025 has changed",
  });
  expect(failures).toMatchObject([{ message: "the file f000025 has changed" }]);
});
