import { readDirectives } from "./directives.ts";
import { heredocOpenings } from "./heredoc.ts";
import { readJsonWords, splitFlags } from "./words.ts";

/** One instruction of a Dockerfile, continued lines joined. */
export interface Instruction {
  /** Line that it starts on, from 1. */
  line: number;
  /** In upper case: `FROM`, `RUN`, … */
  keyword: string;
  /** What follows the keyword, without here-documents. */
  argument: string;
  /** Bodies of here-documents, in order. */
  heredocs: string[];
}

const TAKES_HEREDOC = new Set(["RUN", "COPY", "ADD"]);

/**
 * Takes a Dockerfile apart (Dockerfile reference: parser directives, line continuation, comments and empty lines inside
 * a continued instruction, here-documents). It judges nothing; see `check-dockerfile.ts`.
 */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const { escape } = readDirectives(text);
  const instructions: Instruction[] = [];
  for (let i = 0; i < lines.length; i++) {
    const first = (lines[i] ?? "").trim();
    if (first === "" || first.startsWith("#")) continue;
    const line = i + 1;
    let joined = "";
    for (; i < lines.length; i++) {
      const part = (lines[i] ?? "").trimEnd();
      if (i >= line && /^\s*(?:#|$)/.test(part)) continue;
      // Twice it is the character itself, as in `RUN echo \\`.
      const isContinued = part.endsWith(escape) && !part.endsWith(escape + escape);
      joined += isContinued ? part.slice(0, -1) : part;
      if (!isContinued) break;
    }
    const [, keyword = "", argument = ""] = /^\s*(\S+)\s*([\s\S]*)$/.exec(joined) ?? [];
    const instruction = { line, keyword: keyword.toUpperCase(), argument, heredocs: [] as string[] };
    // In the JSON form, `<<` is text like any other.
    const takesHeredoc = TAKES_HEREDOC.has(instruction.keyword) && argument.includes("<<");
    if (takesHeredoc && readJsonWords(splitFlags(argument).rest) === undefined) {
      i = readHeredocs(lines, i, instruction);
    }
    instructions.push(instruction);
  }
  return instructions;
}

function readHeredocs(lines: readonly string[], last: number, instruction: Instruction): number {
  for (const { name, stripsTabs } of heredocOpenings(instruction.argument)) {
    const start = last + 1;
    let end = start;
    while (end < lines.length && (stripsTabs ? (lines[end] ?? "").replace(/^\t+/, "") : lines[end]) !== name) end++;
    instruction.heredocs.push(lines.slice(start, end).join("\n"));
    last = Math.min(end, lines.length - 1);
  }
  return last;
}
