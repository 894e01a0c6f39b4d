import { readFile, stat } from "node:fs/promises";
import * as z from "zod";
import {
  type BuildContext,
  comparable,
  type ComparableContext,
  type ContextChange,
  difference,
} from "../../sdk/context/index.ts";
import { UsageError } from "../cli/errors.ts";

/** What `--against` may name in a file: a manifest, the output of `hash --json`, or that of `inspect --json`. */
const Lines = z.record(z.string(), z.string());
const Inspected = z.object({
  files: z.array(
    z.object({
      path: z.string(),
      type: z.enum(["file", "dir", "symlink"]),
      mode: z.string(),
      size: z.number(),
      sha256: z.string().optional(),
      target: z.string().optional(),
    }),
  ),
});
const Hashed = z.object({ manifest: Lines });

/**
 * What changed in `context` since `against`.
 *
 * @param against a directory, or a file with a manifest or the JSON of an earlier `hash` or `inspect`
 * @param readOther reads a directory by the same rules
 */
export async function changesAgainst(
  context: BuildContext,
  against: string,
  readOther: (dir: string) => Promise<BuildContext>,
): Promise<ContextChange[]> {
  const kind = await stat(against).catch((cause: unknown) => {
    throw new UsageError(`There is nothing at ${against} to compare with.`, { cause });
  });
  if (kind.isDirectory()) return difference(comparable((await readOther(against)).each()), comparable(context.each()));
  const value = parseJson(await readFile(against, "utf8"), against);
  const inspected = Inspected.safeParse(value);
  if (inspected.success) return difference(comparable(inspected.data.files), comparable(context.each()));
  return difference(manifestOf(value, against), context.manifest);
}

function manifestOf(value: unknown, against: string): ComparableContext {
  const hashed = Hashed.safeParse(value);
  if (hashed.success) return hashed.data.manifest;
  const lines = Lines.safeParse(value);
  if (lines.success) return lines.data;
  throw new UsageError(
    `${against} is neither a manifest nor the output of "context inspect --json" or "context hash --json".`,
  );
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`${file} is not JSON. Name a directory, or a file that "context inspect --json" wrote.`, {
      cause,
    });
  }
}

const SIGNS = { added: "+", removed: "-", changed: "~" } as const;

/** One line a change, as a preview shows it. */
export function changesReport(changes: readonly ContextChange[]): string {
  if (changes.length === 0) return "No differences.\n";
  const line = ({ kind, path, before, after }: ContextChange) => {
    const values = [before, after].filter((value) => value !== undefined).map((value) => shorten(value));
    return `${SIGNS[kind]} ${path}: ${values.join(" => ")}\n`;
  };
  return changes.map(line).join("");
}

/** Digests are shown as in manifests. */
function shorten(value: string): string {
  return value.replace(/\b([0-9a-f]{12})[0-9a-f]{52}\b/, "$1");
}
