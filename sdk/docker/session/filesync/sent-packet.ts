import { Packet_PacketType as PACKET, type Packet } from "../../protos/generated/packet.ts";
import type { EntryStat } from "./synced-folder.ts";

/** File types as Go writes them (os.FileMode). */
const GO_TYPE_BITS = { file: 0, dir: 0x80000000, symlink: 0x08000000 } as const;

const NOTHING = new Uint8Array(0);

/** Announces an entry; without one, that there are no more. */
export function statPacket(stat?: EntryStat): Packet {
  return { type: PACKET.PACKET_STAT, stat: stat && wireStat(stat), ID: 0, data: NOTHING };
}

/** A piece of a file; an empty one ends the file. */
export function dataPacket(id: number, data: Uint8Array): Packet {
  return { type: PACKET.PACKET_DATA, stat: undefined, ID: id, data };
}

/** Ends a file. */
export function endOfFile(id: number): Packet {
  return dataPacket(id, NOTHING);
}

/** Ends the transfer. */
export function finishPacket(): Packet {
  return { type: PACKET.PACKET_FIN, stat: undefined, ID: 0, data: NOTHING };
}

function wireStat({ path, type, mode, size, mtimeNs, target = NOTHING }: EntryStat): NonNullable<Packet["stat"]> {
  return {
    path,
    mode: (GO_TYPE_BITS[type] | mode) >>> 0,
    uid: 0,
    gid: 0,
    size: BigInt(size),
    modTime: mtimeNs,
    linkname: target,
  };
}
