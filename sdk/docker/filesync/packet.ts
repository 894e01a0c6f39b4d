/** Kinds of packets, and their order on the wire (tonistiigi/fsutil, send.go and receive.go). */
export const PACKET = {
  /** From the sender: one entry of the walk; without `stat`, the walk's end. */
  stat: 0,
  /** From the receiver: the content of the entry with this number, counted from 0 over all of the walk, is wanted. */
  request: 1,
  /** From the sender: a piece of that content; an empty one ends it. */
  data: 2,
  /** From the receiver: it has everything; from the sender: then we are done. */
  finish: 3,
  error: 4,
} as const;

/** One message of a folder's transfer. */
export interface Packet {
  type: number;
  stat?: PacketStat | null;
  ID?: number;
  data?: Buffer;
}

/** One entry of a folder. */
export interface PacketStat {
  /** Relative, `/` between the segments. */
  path: string;
  /** Bits of Go's `os.FileMode`. */
  mode: number;
  uid: number;
  gid: number;
  size: number | { toString(): string };
  /** Nanoseconds since 1970. */
  modTime: number | { toString(): string };
  /** Target of a symlink; of a regular file, the path of the earlier entry that it is another name of. */
  linkname: string;
}

/** Bits of Go's `os.FileMode` beside the permissions (go, io/fs). */
export const GO_MODE = { dir: 0x8000_0000, symlink: 0x0800_0000 } as const;
/** Every bit that makes an entry something else than a regular file (`fs.ModeType`). */
export const GO_MODE_TYPE = 0x8f28_0000;
export const PERMISSIONS = 0o777;
