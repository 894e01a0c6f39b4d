import { posix } from "node:path";
import type { FileInfo } from "pulumi-nullspace/wire";

/** One entry as the scripts of this folder write it. */
const ENTRY = /\/\/([0-9a-f]+)\|([0-7]+)\|(\d+)\|(-?\d+)\|([^|]*)\|([^|]*)\|(.*?)\/\/\n/gs;

/** The bits of a mode that tell what kind of file it is (POSIX `S_IFMT`). */
const KIND_MASK = 0o170000;
const KINDS: Record<number, string> = { 0o040000: "dir", 0o100000: "file", 0o120000: "symlink" };

/**
 * Reads what the scripts tell: the real path of a folder, then the entries in it, then the links among them with their
 * texts; a NUL after each.
 */
export function readEntries(output: string): FileInfo[] {
  const [folder = "", entries = "", ...links] = output.split("\0");
  const base = folder.replace(/\n$/, "");
  const targets = new Map<string, string>();
  for (let at = 0; at + 1 < links.length; at += 2) targets.set(links[at] ?? "", links[at + 1] ?? "");
  return [...entries.matchAll(ENTRY)].map(
    ([, raw = "", mode = "", size = "", modified = "", owner = "", group = "", path = ""]) => {
      const type = KINDS[Number.parseInt(raw, 16) & KIND_MASK] ?? "other";
      const target = targets.get(path);
      const absolute = posix.join(base, path);
      return {
        name: posix.basename(absolute),
        path: absolute,
        is_dir: type === "dir",
        size: Number(size),
        type,
        mode: mode.padStart(4, "0"),
        permissions: mode.padStart(4, "0"),
        owner,
        group,
        modified_time: new Date(Number(modified) * 1000).toISOString(),
        ...(target !== undefined && { symlink_target: target }),
      };
    },
  );
}
