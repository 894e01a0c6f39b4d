import { type BuildContext, type ContextWarning, formatBytes, type IgnoredEntry } from "../../sdk/context/index.ts";

const LARGEST = 10;
/** Paths listed for one ignore rule; the rest is a number. */
const PATHS_A_RULE = 3;

/** A path as a terminal may be given it: control characters as `\xNN`, for a name can hold any. */
function shown(path: string): string {
  return path.replace(
    /[\p{Cc}\p{Zl}\p{Zp}]/gu,
    (character) => `\\x${character.codePointAt(0)!.toString(16).padStart(2, "0")}`,
  );
}

/** The context told to a person: what is sent, what weighs most, what is left out by which rule, what to look at. */
export function contextReport(context: BuildContext, warnings: readonly ContextWarning[]): string {
  const { ignored, skippedLinks } = context;
  const sections = [summary(context), largest(context), leftOut(ignored), skipped(skippedLinks), advice(warnings)];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function summary(context: BuildContext): string {
  const counts = { file: 0, dir: 0, symlink: 0 };
  for (const { type } of context.each()) counts[type]++;
  const { dockerfile } = context;
  const lines = [
    `Context     ${context.dir}`,
    `Hash        ${context.hash}`,
    `Sent        ${plural(counts.file, "file")} (${formatBytes(context.totalBytes)}), ${plural(counts.dir, "directory", "directories")}, ${plural(counts.symlink, "link")}`,
  ];
  if (dockerfile)
    lines.push(`Dockerfile  ${dockerfile.path}${dockerfile.isInContext ? "" : " (from outside the context)"}`);
  if (dockerfile?.ignoreFile) lines.push(`Ignore file ${dockerfile.ignoreFile}`);
  return lines.join("\n");
}

function largest(context: BuildContext): string {
  const top: { path: string; size: number }[] = [];
  for (const { path, size, type } of context.each()) {
    if (type !== "file" || (top.length === LARGEST && size <= top.at(-1)!.size)) continue;
    top.push({ path, size });
    top.sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
    top.length = Math.min(top.length, LARGEST);
  }
  if (top.length === 0) return "";
  return ["Largest files", ...top.map(({ path, size }) => `  ${formatBytes(size).padStart(10)}  ${shown(path)}`)].join(
    "\n",
  );
}

function leftOut(ignored: readonly IgnoredEntry[]): string {
  if (ignored.length === 0) return "";
  const byRule = Map.groupBy(ignored, ({ rule, pattern }) => `${rule}  ${pattern}`);
  const lines = [...byRule].map(([rule, entries]) => {
    const some = entries.slice(0, PATHS_A_RULE).map(({ path, type }) => shown(type === "dir" ? `${path}/` : path));
    const more = entries.length - some.length;
    return `  ${shown(rule)}: ${some.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  });
  return ["Left out, by rule", ...lines].join("\n");
}

function skipped(links: readonly string[]): string {
  if (links.length === 0) return "";
  return ["Links left out", ...links.map((path) => `  ${shown(path)}`)].join("\n");
}

function advice(warnings: readonly ContextWarning[]): string {
  if (warnings.length === 0) return "";
  const lines = warnings.map(({ message }) => `  ${shown(message)}`);
  const paste = warnings.map(({ ignoreLine }) => `  ${shown(ignoreLine)}`);
  return ["Worth a look", ...lines, "", "To leave them out, add to the ignore file", ...paste].join("\n");
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
