import { lstatSync, type Stats } from "node:fs";
import type { UnsupportedEntry } from "../entry.ts";
import { type IgnoreMatcher, INCLUDED } from "../ignore/matcher.ts";
import type { IgnoreRule } from "../ignore/rule.ts";
import { type EntryTable, lowerBound } from "../table/entry-table.ts";
import { textBytes } from "../table/text-column.ts";
import type { ReadJob } from "./job.ts";
import { displayName, matchText } from "./latin1.ts";
import { sourceIgnored, sourceLinked, sourceNotFound } from "./source-errors.ts";
import { pathBelow } from "./tree-root.ts";
import { fileChanged, fromSystemError, notSendable } from "./walk-errors.ts";

/** What the walk found, and with which rules. */
export interface WalkedSources {
  readonly table: EntryTable;
  readonly matcher: IgnoreMatcher;
  readonly unsupported: readonly UnsupportedEntry[];
}

/**
 * Makes sure that something is sent of each source: who names one counts on it. A folder that is ignored is none the less a
 * source when an exception brings back something below it.
 *
 * @throws ContextError `source_not_found`, `source_ignored`; `symlink_not_supported` for one behind a link that is kept
 */
export function checkSources(job: ReadJob, walked: WalkedSources): void {
  for (const source of job.sources ?? []) {
    if (source !== "" && !isSent(walked.table, source)) throw whyNotSent(source, job, walked);
  }
}

function isSent(table: EntryTable, source: string): boolean {
  const path = Buffer.from(source, "latin1");
  if (at(table, lowerBound(table, path))?.equals(path)) return true;
  const below = Buffer.from(`${source}/`, "latin1");
  return at(table, lowerBound(table, below))?.subarray(0, below.length).equals(below) ?? false;
}

function at(table: EntryTable, index: number): Buffer | undefined {
  return index < table.length ? textBytes(table.paths, index) : undefined;
}

/**
 * Goes the way of the walk to a source of which nothing is sent. That it is not there is said first, also below a folder that
 * is ignored; but no link is followed for that which the walk has not followed.
 */
function whyNotSent(source: string, job: ReadJob, { matcher, unsupported }: WalkedSources): unknown {
  const name = displayName(source);
  const names = source.split("/");
  let cursor = matcher.root();
  let ignoredBy: IgnoreRule | undefined;
  for (const [index, segment] of names.entries()) {
    const isLast = index === names.length - 1;
    const path = names.slice(0, index + 1).join("/");
    let stats: Stats | undefined;
    try {
      stats = lstatSync(pathBelow(job.root, path), { throwIfNoEntry: false });
    } catch (error) {
      return fromSystemError(error, displayName(path));
    }
    if (!stats || (stats.isFile() && !isLast)) return sourceNotFound(name, job.root);
    const isDirectory = stats.isDirectory();
    const isLink = stats.isSymbolicLink();
    const rule = cursor.excludedBy(matchText(segment), isDirectory || isLink);
    const isEntered = !isLast && isDirectory && cursor.mayReincludeBelow(matchText(segment));
    if (rule !== INCLUDED && !isEntered) ignoredBy ??= matcher.rules[rule]!;
    if (isLink && ignoredBy) break;
    if (isLink && !isLast && job.symlinks === "keep") {
      return sourceLinked(name, displayName(path), "links are sent as links");
    }
    cursor = cursor.enter(matchText(segment));
  }
  if (ignoredBy) return sourceIgnored(name, ignoredBy, job.ignore.syntax);
  const left = unsupported.find(({ path }) => path === name);
  return left ? notSendable(name, left.kind) : fileChanged(name, "changed");
}
