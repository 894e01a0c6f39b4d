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

const HEREDOC = /<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g;
const TAKES_HEREDOC = new Set(["RUN", "COPY", "ADD"]);

/**
 * Takes a Dockerfile apart (Dockerfile reference: parser directives, line continuation, comments and empty lines inside
 * a continued instruction, here-documents). It judges nothing; see `check-dockerfile.ts`.
 */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const escape = findEscape(lines);
  const instructions: Instruction[] = [];
  for (let i = 0; i < lines.length; i++) {
    const first = (lines[i] ?? "").trim();
    if (first === "" || first.startsWith("#")) continue;
    const line = i + 1;
    let joined = "";
    for (; i < lines.length; i++) {
      const part = (lines[i] ?? "").trimEnd();
      if (joined !== "" && /^\s*(?:#|$)/.test(part)) continue;
      const isContinued = part.endsWith(escape);
      joined += isContinued ? part.slice(0, -1) : part;
      if (!isContinued) break;
    }
    const [, keyword = "", argument = ""] = /^\s*(\S+)\s*([\s\S]*)$/.exec(joined) ?? [];
    const instruction = { line, keyword: keyword.toUpperCase(), argument, heredocs: [] as string[] };
    // In the JSON form, `<<` is text like any other.
    if (TAKES_HEREDOC.has(instruction.keyword) && !isJson(argument)) i = readHeredocs(lines, i, instruction);
    instructions.push(instruction);
  }
  return instructions;
}

function isJson(argument: string): boolean {
  if (!argument.startsWith("[")) return false;
  try {
    return Array.isArray(JSON.parse(argument));
  } catch {
    // A bracket that begins no JSON, as in `RUN [ -d /x ]`: the shell form.
    return false;
  }
}

function readHeredocs(lines: readonly string[], last: number, instruction: Instruction): number {
  for (const [opening, , name] of instruction.argument.matchAll(HEREDOC)) {
    const start = last + 1;
    const stripsTabs = opening.startsWith("<<-");
    let end = start;
    while (end < lines.length && (stripsTabs ? (lines[end] ?? "").replace(/^\t+/, "") : lines[end]) !== name) end++;
    instruction.heredocs.push(lines.slice(start, end).join("\n"));
    last = Math.min(end, lines.length - 1);
  }
  return last;
}

function findEscape(lines: readonly string[]): string {
  for (const line of lines) {
    // Directives stand before anything else, comments included.
    const [, name, value] = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    if (name === undefined) return "\\";
    if (name.toLowerCase() === "escape") return value === "`" ? "`" : "\\";
  }
  return "\\";
}
