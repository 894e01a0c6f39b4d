import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Language, Parser } from "web-tree-sitter";

/** Files that are not C#: no more than that can be said without .NET. */
export async function parseErrors(paths: readonly string[]): Promise<string[]> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve("tree-sitter-c-sharp/tree-sitter-c_sharp.wasm");
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  return paths.filter((path) => parser.parse(readFileSync(path, "utf8"))?.rootNode.hasError !== false);
}
