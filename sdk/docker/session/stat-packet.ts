import protobuf from "protobufjs";
import type { EntryStat } from "./synced-folder.ts";

/** Types of fsutil's Packet (fsutil, types/wire.proto). */
export const PACKET = { stat: 0, request: 1, data: 2, end: 3, error: 4 } as const;

/** File types as Go writes them (os.FileMode). */
const GO_TYPE_BITS = { file: 0, dir: 0x80000000, symlink: 0x08000000 } as const;

/** Field numbers of Packet and Stat, with their wire types, as protobuf puts them before a value. */
const VARINT = 0;
const BYTES = 2;
const tag = (field: number, wireType: number) => (field << 3) | wireType;

/**
 * An encoded Packet that announces an entry; without one, that there are no more. Written by hand: there is one for each
 * file of a context, and building an object of every one of them first takes longer than all the rest.
 */
export function statPacket(stat?: EntryStat): Uint8Array {
  const writer = protobuf.Writer.create();
  if (stat === undefined) return writer.uint32(tag(1, VARINT)).int32(PACKET.stat).finish();
  writer.uint32(tag(2, BYTES)).fork();
  writer.uint32(tag(1, BYTES)).bytes(stat.path);
  writer.uint32(tag(2, VARINT)).uint32((GO_TYPE_BITS[stat.type] | stat.mode) >>> 0);
  writer.uint32(tag(5, VARINT)).int64(stat.size);
  // Long is how protobufjs takes what a number cannot hold; two halves are one to it.
  writer.uint32(tag(6, VARINT)).int64(halves(stat.mtimeNs) as never);
  if (stat.target !== undefined) writer.uint32(tag(7, BYTES)).bytes(stat.target);
  return writer.ldelim().finish();
}

/** An encoded Packet with a piece of a file; an empty piece ends the file. */
export function dataPacket(id: number, data: Uint8Array): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, VARINT)).int32(PACKET.data).uint32(tag(3, VARINT)).uint32(id);
  if (data.length > 0) writer.uint32(tag(4, BYTES)).bytes(data);
  return writer.finish();
}

/** An encoded Packet that ends the transfer. */
export function endPacket(): Uint8Array {
  return protobuf.Writer.create().uint32(tag(1, VARINT)).int32(PACKET.end).finish();
}

function halves(value: bigint): { low: number; high: number; unsigned: boolean } {
  return { low: Number(value & 0xffffffffn) | 0, high: Number(value >> 32n) | 0, unsigned: false };
}
