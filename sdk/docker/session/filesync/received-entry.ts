import type { Stat } from "../../protos/generated/packet.ts";

/** One entry of a folder that a builder sends. */
export interface ReceivedEntry {
  /** Relative, `/` between the segments. */
  path: string;
  /** Bits of Go's `os.FileMode`. */
  mode: number;
  /** Nanoseconds since 1970. */
  modTime: bigint;
  /** Target of a symlink; of a regular file, the path of the earlier entry that it is another name of. */
  linkname: string;
}

/** Bits of Go's `os.FileMode` beside the permissions (go, io/fs). */
export const GO_MODE = { dir: 0x8000_0000, symlink: 0x0800_0000 } as const;
/** Every bit that makes an entry something else than a regular file (`fs.ModeType`). */
export const GO_MODE_TYPE = 0x8f28_0000;
export const PERMISSIONS = 0o777;

/** The entry that a packet announces. */
export function receivedEntry({ path, mode, modTime, linkname }: Stat): ReceivedEntry {
  return { path: utf8(path), mode, modTime, linkname: utf8(linkname) };
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}
