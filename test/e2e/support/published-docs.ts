import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { repo } from "./pulumi-project.ts";

/** A module of a package that a program can import, by what the program calls it. */
export interface PublishedEntry {
  name: string;
  /** Its declarations, relative to the folder of the package. */
  types: string;
}

/** A documentation comment, and what it is about. */
export interface DocComment {
  node: ts.Node;
  /** Without the asterisks. */
  text: string;
  /** `sdk/client/settings.d.ts:12`, for messages. */
  place: string;
}

/** The entries of the package in a folder of the repository. */
export function publishedEntries(folder = ""): PublishedEntry[] {
  const { name, exports } = JSON.parse(readFileSync(join(repo, folder, "package.json"), "utf8")) as {
    name: string;
    exports: Record<string, string | { types?: { default: string } }>;
  };
  return Object.entries(exports).flatMap(([entry, target]) =>
    typeof target === "object" && target.types ? [{ name: name + entry.slice(1), types: target.types.default }] : [],
  );
}

/** The declarations of both packages as one program. */
export function publishedProgram(): { program: ts.Program; entries: { name: string; file: string }[] } {
  const entries = ["", "service"].flatMap((folder) =>
    publishedEntries(folder).map(({ name, types }) => ({ name, file: join(repo, folder, types) })),
  );
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2024, types: ["node"], skipLibCheck: true },
  );
  return { program, entries };
}

/** Every comment of what is declared in the packages, exported or not: an editor shows those of inherited members too. */
export function publishedComments(program: ts.Program): DocComment[] {
  return program
    .getSourceFiles()
    .filter(({ fileName }) => /^(service\/)?dist\/types\//.test(relative(repo, fileName)))
    .flatMap(commentsOf);
}

/** The comments of a declaration and of its members. */
export function docsOf(declaration: ts.Declaration): ts.JSDoc[] {
  // A variable's stand at its statement.
  const top = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  const found: ts.JSDoc[] = [];
  const visit = (node: ts.Node): void => {
    found.push(...((node as { jsDoc?: ts.JSDoc[] }).jsDoc ?? []));
    ts.forEachChild(node, visit);
  };
  visit(top);
  return found;
}

/** The comments of one file. */
export function commentsOf(source: ts.SourceFile): DocComment[] {
  const found: DocComment[] = [];
  const visit = (node: ts.Node): void => {
    for (const doc of (node as { jsDoc?: ts.JSDoc[] }).jsDoc ?? []) {
      const line = source.getLineAndCharacterOfPosition(doc.pos).line + 1;
      const path = relative(repo, source.fileName).replace(/^(service\/)?dist\/types\//, "$1");
      const text = source.text
        .slice(doc.pos, doc.end)
        .replace(/^\/\*\*|\*\/$/g, "")
        .replaceAll(/^[ \t]*\* ?/gm, "");
      found.push({ node, text, place: `${path}:${line}` });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What a module exports: each thing once, by its name there, where it is declared. */
export function exportsOf(program: ts.Program, file: string): { name: string; symbol: ts.Symbol }[] {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  return checker.getExportsOfModule(module).map((symbol) => ({
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
}
