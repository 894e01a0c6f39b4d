/** What the parser directives at the top of a Dockerfile say. */
export interface Directives {
  /** What continues a line, and takes the meaning from the character behind it. @default backslash */
  escape: "\\" | "`";
  /** Image of the builder's frontend (`# syntax=…`) and its line, from 1. */
  syntax?: { image: string; line: number };
}

/** Any other name ends the directives: such a line is a comment (BuildKit, frontend/dockerfile/parser/directives.go). */
const DIRECTIVE = /^\s*#\s*(syntax|escape|check)\s*=\s*(\S.*?)\s*$/i;

/** Reads the parser directives: they stand before anything else, comments and empty lines included. */
export function readDirectives(dockerfile: string): Directives {
  const directives: Directives = { escape: "\\" };
  const lines = dockerfile.replace(/^\uFEFF/, "").split(/\r?\n/);
  // A `#!` line hides no syntax that is named below it.
  const start = lines[0]?.startsWith("#!") ? 1 : 0;
  for (const [index, text] of lines.slice(start).entries()) {
    const [, name, value = ""] = DIRECTIVE.exec(text) ?? [];
    if (name === undefined) break;
    if (name.toLowerCase() === "escape" && value === "`") directives.escape = "`";
    if (name.toLowerCase() === "syntax") {
      directives.syntax ??= { image: value.split(/\s/)[0] ?? "", line: start + index + 1 };
    }
  }
  return directives;
}
