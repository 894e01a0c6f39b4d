import { anyText, check, optional } from "../arguments/index.ts";
import { cleanPath } from "../context/ignore/go-path.ts";
import { contextSource, splitAtPivot, UNKNOWN_SOURCE, type ContextSource } from "./context-source.ts";
import { expandWord, UNTOLD, type Variables } from "./expand-word.ts";
import { contentOf, readHeredocOpening } from "./heredoc.ts";
import type { Instruction } from "./parse-dockerfile.ts";
import { resolvePath } from "./stage-state.ts";
import { readJsonWords, splitBlanks, splitFlags } from "./words.ts";

/** What a COPY or ADD says. */
export interface CopyReading {
  facts: Map<string, string>;
  names: Map<string, string>;
  /** What it reads of the context. */
  sources: ContextSource[];
  /** As `--from` says it. */
  from?: string;
  isLinked: boolean;
}

const TEXT_FLAGS: Readonly<Record<string, readonly string[]>> = {
  COPY: ["from", "chown", "chmod", "exclude"],
  ADD: ["chown", "chmod", "exclude", "checksum"],
};
const SWITCHES: Readonly<Record<string, readonly string[]>> = {
  COPY: ["link", "parents"],
  ADD: ["link", "keep-git-dir", "unpack"],
};
/** `https://…`, `git@host:…`: fetched by the builder. */
const REMOTE = /^(?:[a-z][a-z0-9+.-]*:\/\/|[^/@]+@[^/:]+:)/i;

/**
 * Whether a source of ADD is fetched by the builder.
 *
 * @param source its variables, quotes and escapes replaced
 * @example
 * ```ts
 * isRemoteSource("https://example.com/app.tar.gz"); // true
 * ```
 */
export function isRemoteSource(source: string): boolean {
  check("isRemoteSource", { source: anyText }, { source });
  return REMOTE.test(source);
}

/**
 * The sources of COPY and ADD as they are written.
 *
 * @param argument flags included
 * @example
 * ```ts
 * sourceWords("--chown=web package.json src /app/").map(({ word }) => word); // ["package.json", "src"]
 * ```
 */
export function sourceWords(argument: string, escape?: string): { word: string; isJson: boolean }[] {
  check("sourceWords", { argument: anyText, escape: optional(anyText) }, { argument, escape });
  const { rest } = splitFlags(argument, escape);
  const json = readJsonWords(rest);
  return (json ?? splitBlanks(rest)).slice(0, -1).map((word) => ({ word, isJson: json !== undefined }));
}

/** @returns `undefined` when it holds something that cannot be judged */
export function readCopy(instruction: Instruction, variables: Variables, cwd: string): CopyReading | undefined {
  const { keyword, argument } = instruction;
  const { flags, rest } = splitFlags(argument);
  const isJson = readJsonWords(rest) !== undefined;
  const words = readJsonWords(rest) ?? splitBlanks(rest);
  const settings = readFlags(keyword, flags, variables);
  const target = expandWord(words.at(-1) ?? "", variables);
  if (words.length < 2 || settings === undefined || target === undefined) return undefined;
  const { on, texts, excludes, from } = settings;
  const reading: CopyReading = {
    facts: new Map([...texts, ["to", resolvePath(cwd, target)], ["exclude", excludes.join("\n")], ["on", on.join()]]),
    names: new Map(from === undefined ? [] : [["from", from]]),
    sources: [],
    ...(from === undefined ? {} : { from }),
    isLinked: on.includes("link"),
  };
  for (const [index, word] of words.slice(0, -1).entries()) {
    const opening = isJson ? undefined : readHeredocOpening(word);
    if (opening) {
      // Of several with one name the last counts.
      const heredoc = instruction.heredocs.findLast(({ name }) => name === opening.name);
      const body = heredoc && contentOf({ ...heredoc, stripsTabs: opening.stripsTabs });
      const text = opening.isQuoted ? body : body && expandWord(body, variables, { keepsQuotes: true });
      if (text === undefined) return undefined;
      reading.facts.set(`inline ${opening.name}`, text);
      continue;
    }
    const source = expandWord(word, variables);
    if (source === undefined) return undefined;
    addSource(reading, { source, index, isAdd: keyword === "ADD", excludes, keepsParents: on.includes("parents") });
  }
  return reading;
}

function addSource(
  { facts, names, sources, from }: CopyReading,
  {
    source,
    index,
    isAdd,
    excludes,
    keepsParents,
  }: { source: string; index: number; isAdd: boolean; excludes: readonly string[]; keepsParents: boolean },
): void {
  const isRemote = isAdd && isRemoteSource(source);
  const { pivot, text } = splitAtPivot(source);
  const path = keepsParents ? pivot : cleanPath(`/${source}`).slice(1);
  // Of a path the builder compares the last part, and what lies there.
  if (!isRemote) facts.set(`source ${index}`, path.slice(path.lastIndexOf("/") + 1));
  if (keepsParents) facts.set(`pattern ${index}`, text);
  names.set(`source ${index}`, isRemote ? source : path);
  if (from !== undefined || isRemote) return;
  sources.push(source.includes(UNTOLD) ? UNKNOWN_SOURCE : contextSource(source, { excludes, keepsParents }));
}

interface CopyFlags {
  /** Flags without a value that are set. */
  on: string[];
  texts: [string, string][];
  excludes: string[];
  from?: string;
}

function readFlags(
  keyword: string,
  flags: readonly { name: string; value?: string }[],
  variables: Variables,
): CopyFlags | undefined {
  const read: CopyFlags = { on: [], texts: [], excludes: [] };
  for (const { name, value } of flags) {
    if (SWITCHES[keyword]?.includes(name)) {
      if (value !== undefined && value !== "true" && value !== "false") return undefined;
      if (value !== "false") read.on.push(name);
      continue;
    }
    if (!TEXT_FLAGS[keyword]?.includes(name) || value === undefined) return undefined;
    if (name === "exclude" || name === "from") {
      // Builders expand no variables here.
      if (value.includes("$")) return undefined;
      if (name === "from") read.from = value;
      else read.excludes.push(value);
      continue;
    }
    const text = expandWord(value, variables);
    if (text === undefined) return undefined;
    read.texts.push([name, name === "chmod" ? text.replace(/^0+(?=[0-7]+$)/, "") : text]);
  }
  return read;
}
