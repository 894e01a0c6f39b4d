import { anyText, check, flag, options as optionsOf } from "../arguments/index.ts";
import { trimStart } from "./blank.ts";
import { readDirectives, type Directives } from "./directives.ts";
import { heredocOpenings, type Heredoc, type HeredocOpening } from "./heredoc.ts";
import { refusalOf } from "./refusal.ts";
import { readJsonWords, splitFlags, splitKeyword } from "./words.ts";

/** One instruction of a Dockerfile, continued lines joined. */
export interface Instruction {
  /** Line that it starts on, from 1. */
  line: number;
  /** Line that it ends on, its here-documents included. */
  endLine: number;
  /** In upper case: `FROM`, `RUN`, … */
  keyword: string;
  /** What follows the keyword, flags included, without here-documents. */
  argument: string;
  /** Its here-documents, in order. */
  heredocs: Heredoc[];
}

/** A Dockerfile, taken apart. */
export interface ParsedDockerfile {
  directives: Directives;
  /** All of them, those behind a refusal too. */
  instructions: Instruction[];
  /** Why BuildKit's parser refuses the text: the first reason. */
  refusal?: Refusal;
}

/** Something that BuildKit's parser does not take. */
export interface Refusal {
  /** Line of the instruction, from 1. */
  line: number;
  reason: string;
  /** Builders from before here-documents (BuildKit before 0.10, the classic builder) take it for a command. */
  isOfHeredoc?: true;
}

const TAKES_HEREDOC = new Set(["RUN", "COPY", "ADD"]);
/** BuildKit's scanner holds no longer line, its break included: `bufio.MaxScanTokenSize`. */
const MAX_LINE_BYTES = 64 * 1024;

const READING = optionsOf<{ hasHeredocs: unknown }>({ hasHeredocs: flag });

/**
 * Takes a Dockerfile apart, line by line as BuildKit's own parser does (frontend/dockerfile/parser/parser.go): directives,
 * continued lines with comments and empty lines inside them, here-documents. What instructions mean is not looked at.
 *
 * @example
 * ```ts
 * const { instructions } = readDockerfile("FROM busybox\nRUN make \\\n  all\n");
 * instructions.map(({ line, keyword }) => `${line}: ${keyword}`); // ["1: FROM", "2: RUN"]
 * ```
 */
export function readDockerfile(
  text: string,
  options: {
    /**
     * Whether here-documents are read, or (`false`) are instructions, as to builders that know none.
     *
     * @default true
     */
    hasHeredocs?: boolean;
  } = {},
): ParsedDockerfile {
  check("readDockerfile", { text: anyText, options: READING }, { text, options });
  const { hasHeredocs = true } = options;
  const directives = readDirectives(text);
  const { escape } = directives;
  const lines = splitLines(text);
  const instructions: Instruction[] = [];
  let refusal: Refusal | undefined = directives.problem;
  for (let next = 0; next < lines.length;) {
    const line = next + 1;
    const joined = joinLines(lines, next, escape);
    next = joined.next;
    if (joined.text === undefined) continue;
    const { keyword, argument } = splitKeyword(joined.text);
    const instruction: Instruction = { line, endLine: next, keyword: keyword.toUpperCase(), argument, heredocs: [] };
    instructions.push(instruction);
    const reason = refusalOf(instruction, escape);
    if (reason !== undefined) refusal ??= { line, reason };
    if (!hasHeredocs || !takesHeredocs(instruction, escape)) continue;
    const openings = heredocOpenings(joined.text);
    if (openings === undefined)
      refusal ??= { line, reason: "the name of a here-document has no end", isOfHeredoc: true };
    for (const opening of openings ?? []) {
      const read = readBody(lines, next, opening);
      if (!read.isEnded) {
        refusal ??= { line, reason: `the here-document ${opening.name} has no end`, isOfHeredoc: true };
      }
      instruction.heredocs.push({ ...opening, body: read.body });
      instruction.endLine = next = read.next;
    }
  }
  if (instructions.length === 0) refusal ??= { line: lines.length, reason: "there is no instruction in it" };
  const long = lines.findIndex((one) => Buffer.byteLength(one) + (one.endsWith("\n") ? 0 : 1) > MAX_LINE_BYTES);
  if (long >= 0) refusal ??= { line: long + 1, reason: `the line is longer than ${MAX_LINE_BYTES - 1} bytes` };
  return { directives, instructions, ...(refusal !== undefined && { refusal }) };
}

/** The instructions of a Dockerfile. It judges nothing; see {@link readDockerfile}. */
export function parseDockerfile(text: string): Instruction[] {
  return readDockerfile(text).instructions;
}

/** Lines with their breaks. */
function splitLines(text: string): string[] {
  return text.replace(/^\uFEFF/, "").match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function withoutBreak(line: string): string {
  return line.replace(/[\r\n]+$/, "");
}

/** One instruction from the line `from` on; no text = there is none. `next` is the line behind it. */
function joinLines(lines: readonly string[], from: number, escape: string): { text?: string; next: number } {
  const first = trimStart(withoutBreak(lines[from] ?? ""));
  if (first === "" || first.startsWith("#")) return { next: from + 1 };
  let { text, isContinued } = readPart(first, escape);
  let next = from + 1;
  while (isContinued && next < lines.length) {
    const line = withoutBreak(lines[next++] ?? "");
    const trimmed = trimStart(line);
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const part = readPart(line, escape);
    text += part.text;
    isContinued = part.isContinued;
  }
  return { text, next };
}

/** A part of an instruction without what continues it: an escape character at its end, unless another stands before it. */
function readPart(line: string, escape: string): { text: string; isContinued: boolean } {
  const trimmed = line.replace(/[\t ]+$/, "");
  const isContinued = trimmed.endsWith(escape) && !trimmed.endsWith(escape + escape);
  return isContinued ? { text: trimmed.slice(0, -1), isContinued } : { text: line, isContinued };
}

/** Only the shell form opens here-documents: in JSON, `<<` is text like any other. */
function takesHeredocs({ keyword, argument }: Pick<Instruction, "keyword" | "argument">, escape: string): boolean {
  const { rest } = splitFlags(argument, escape);
  const inner = keyword === "ONBUILD" ? splitKeyword(rest) : { keyword, argument };
  return (
    TAKES_HEREDOC.has(inner.keyword.toUpperCase()) &&
    readJsonWords(splitFlags(inner.argument, escape).rest) === undefined
  );
}

function readBody(
  lines: readonly string[],
  from: number,
  { name, stripsTabs }: HeredocOpening,
): { body: string; next: number; isEnded: boolean } {
  for (let next = from; next < lines.length; next++) {
    const line = withoutBreak(lines[next] ?? "");
    if ((stripsTabs ? line.replace(/^\t+/, "") : line) === name) {
      return { body: lines.slice(from, next).join(""), next: next + 1, isEnded: true };
    }
  }
  return { body: lines.slice(from).join(""), next: lines.length, isEnded: false };
}
