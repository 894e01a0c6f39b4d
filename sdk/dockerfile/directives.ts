import { trimStart } from "./blank.ts";

/** What the parser directives at the top of a Dockerfile say. */
export interface Directives {
  /** What continues a line, and takes the meaning from the character behind it. @default backslash */
  escape: "\\" | "`";
  /** Image of the builder's frontend (`# syntax=…`) and its line, from 1. */
  syntax?: { image: string; line: number };
  /** Why BuildKit refuses them; what stands behind is not read. */
  problem?: { line: number; reason: string };
}

/** Any other name ends the directives: such a line is a comment (BuildKit, frontend/dockerfile/parser/directives.go). */
const DIRECTIVE = /^([A-Za-z][A-Za-z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*$/s;
const NAMES = new Set(["syntax", "escape", "check"]);

/** Reads the parser directives: they stand before anything else, comments and empty lines included. */
export function readDirectives(dockerfile: string): Directives {
  const lines = linesOf(dockerfile);
  const syntax = findSyntax(dockerfile, lines);
  const directives: Directives = { escape: "\\", ...(syntax !== undefined && { syntax }) };
  const seen = new Set<string>();
  for (const [index, text] of lines.entries()) {
    const directive = readDirective(trimStart(text), "#");
    if (directive === undefined) break;
    const { name, value } = directive;
    const line = index + 1;
    if (seen.has(name)) return { ...directives, problem: { line, reason: `there are two ${name} directives` } };
    seen.add(name);
    if (name !== "escape") continue;
    if (value !== "\\" && value !== "`") {
      return { ...directives, problem: { line, reason: `the escape directive is "${value}", and not \\ or \`` } };
    }
    directives.escape = value;
  }
  return directives;
}

/** The syntax is looked for by itself: BuildKit wants to know the frontend before it reads anything. */
function findSyntax(dockerfile: string, lines: readonly string[]): Directives["syntax"] {
  // A `#!` line hides no syntax that is named below it.
  const start = lines[0]?.startsWith("#!") ? 1 : 0;
  for (const comment of ["#", "//"]) {
    const seen = new Set<string>();
    for (let index = start; index < lines.length; index++) {
      const directive = readDirective(lines[index] ?? "", comment);
      if (directive === undefined || seen.has(directive.name)) break;
      seen.add(directive.name);
      if (directive.name === "syntax") return { image: directive.value.split(" ")[0] ?? "", line: index + 1 };
    }
  }
  const image = syntaxOfJson(lines.slice(start).join("\n"), dockerfile);
  return image === undefined ? undefined : { image, line: start + 1 };
}

/** Another language's file in JSON may name its frontend too. */
function syntaxOfJson(text: string, dockerfile: string): string | undefined {
  if (!dockerfile.includes('"syntax"')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, "syntax")) return undefined;
    const { syntax } = value as { syntax: unknown };
    return typeof syntax === "string" ? syntax : undefined;
  } catch {
    // A Dockerfile, as nearly always.
    return undefined;
  }
}

function readDirective(line: string, comment: string): { name: string; value: string } | undefined {
  if (!line.startsWith(comment)) return undefined;
  const [, name = "", value = ""] = DIRECTIVE.exec(trimStart(line.slice(comment.length))) ?? [];
  return NAMES.has(name.toLowerCase()) ? { name: name.toLowerCase(), value } : undefined;
}

function linesOf(dockerfile: string): string[] {
  return dockerfile
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line) => line.replace(/\r+$/, ""));
}
