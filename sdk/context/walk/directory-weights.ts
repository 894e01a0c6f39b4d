import { amount, anyText, check, oneOf } from "../../arguments/index.ts";
import { ContextLimitError, type DirectoryWeight } from "../errors.ts";
import type { IgnoreSyntax } from "../ignore/rule.ts";
import { limitOrigin, type ResolvedLimits } from "../limits.ts";
import { displayName } from "./latin1.ts";

/** Directories deeper than this are counted with the one above them: enough to name the culprit. */
const MAX_DEPTH = 4;
/** A directory stands for its only heavy child: name `a/node_modules` rather than `a` when nearly all of it is there. */
const DOMINANCE = 0.8;
const NAMED = 5;

interface Weight {
  files: number;
  bytes: number;
}

const SYNTAX = oneOf("docker", "gitignore");

/** Adds up what lies below each directory, to say which ones make a context too large. */
export class DirectoryWeights {
  readonly #byPath = new Map<string, Weight>();

  /** @param path of a file, Latin-1 */
  add(path: string, bytes: number): void {
    let end = path.indexOf("/");
    for (let depth = 0; end >= 0 && depth < MAX_DEPTH; depth++, end = path.indexOf("/", end + 1)) {
      const directory = path.slice(0, end);
      const weight = this.#byPath.get(directory);
      if (weight) {
        weight.files++;
        weight.bytes += bytes;
      } else {
        this.#byPath.set(directory, { files: 1, bytes });
      }
    }
  }

  /** The heaviest directories, none inside another. */
  largest(by: "files" | "bytes"): DirectoryWeight[] {
    const entries = [...this.#byPath].map(([path, weight]) => ({ path, ...weight }));
    const childrenOf = Map.groupBy(entries, ({ path }) => path.slice(0, Math.max(path.lastIndexOf("/"), 0)));
    const descend = (entry: DirectoryWeight): DirectoryWeight => {
      const heavy = childrenOf.get(entry.path)?.find((child) => child[by] >= DOMINANCE * entry[by]);
      return heavy ? descend(heavy) : entry;
    };
    return (childrenOf.get("") ?? [])
      .map(descend)
      .sort((a, b) => b[by] - a[by])
      .slice(0, NAMED)
      .map(({ path, files, bytes }) => ({ path: displayName(path), files, bytes }));
  }
}

/** By code: the limit that is passed, what it adds up, and what the directories are said to hold. */
const LIMITED = {
  too_many_files: { option: "files", by: "files", what: "files", held: ["file", "files"] },
  too_many_entries: { option: "entries", by: "files", what: "files and directories", held: ["entry", "entries"] },
  context_too_large: { option: "bytes", by: "bytes", what: "", held: ["file", "files"] },
} as const;

/** The error for a context over a limit: it names the largest directories and ends with a line to paste. */
export function overLimit(
  code: keyof typeof LIMITED,
  limits: ResolvedLimits,
  weights: DirectoryWeights,
  syntax: IgnoreSyntax,
): ContextLimitError {
  const { option, by, what, held } = LIMITED[code];
  const limit = limits[option];
  const largest = weights.largest(by);
  const described = largest.map(
    ({ path, files, bytes }) =>
      `${path} (${files} ${held[files === 1 ? 0 : 1]}${bytes > 0 ? `, ${formatBytes(bytes)}` : ""})`,
  );
  const most = by === "files" ? `${limit} ${what}` : formatBytes(limit);
  const advice = largest[0]
    ? ` The largest directories: ${described.join(", ")}. If it is not needed, add this line to the ignore file: ${ignoreLine(largest[0].path, syntax)}`
    : " They lie in the context's own folder.";
  return new ContextLimitError(code, `The context holds more than ${most}${limitOrigin(limits, option)}.${advice}`, {
    limit,
    largest,
  });
}

/**
 * The ignore line that excludes exactly this path.
 *
 * @example
 * ```ts
 * ignoreLine("data/[old]", "gitignore"); // "/data/\\[old\\]"
 * ```
 */
export function ignoreLine(path: string, syntax: IgnoreSyntax): string {
  check("ignoreLine", { path: anyText, syntax: SYNTAX }, { path, syntax });
  const escaped = path.replace(/[\\*?[\]!#]/g, "\\$&");
  return syntax === "docker" ? escaped : `/${escaped}`;
}

/**
 * `1.5 GiB`; plain bytes below 1 KiB.
 *
 * @example
 * ```ts
 * formatBytes(1_610_612_736); // "1.5 GiB"
 * ```
 */
export function formatBytes(bytes: number): string {
  check("formatBytes", { bytes: amount }, { bytes });
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`;
}
