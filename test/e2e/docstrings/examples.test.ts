import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installPacked } from "../support/packed-package.ts";
import { installService } from "../support/packed-service.ts";
import { docsOf, exportsOf, publishedProgram } from "../support/published-docs.ts";
import { repo } from "../support/pulumi-project.ts";

const run = promisify(execFile);

/** What stands around an example of the provider in a program, by its name. */
const AROUND: Readonly<Record<string, string>> = {
  web: "declare const web: import('pulumi-nullspace').Template;",
  stable: "declare const stable: import('pulumi-nullspace').TemplateTag;",
  pool: "declare const pool: import('pulumi-nullspace').WarmPool;",
  stack: "declare const stack: import('@pulumi/pulumi').StackReference;",
  config: "declare const config: import('@pulumi/pulumi').Config;",
};
/** Not for programs: what a dynamic resource calls when Pulumi has woken it up. */
const NOT_CALLED = ["pulumi-nullspace/dynamic-runtime provider"];
/** Nearest first: an example takes a name from the entry that it is of, else from the first of these that has it. */
const ENTRIES = ["sdk", "docker", "context", "secrets", "concurrency", "tracing", "wire"].map(
  (name) => `pulumi-nullspace/${name}`,
);

/** A function, a class or another value that an entry exports. */
interface Exported {
  entry: string;
  name: string;
  symbol: ts.Symbol;
}

/** The code of one `@example`. */
interface Example {
  entry: string;
  of: string;
  text: string;
}

const { dependencies } = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};
const packed = installPacked("0.1.0", [...Object.keys(dependencies), "@types/node"]);
installService(packed);
afterAll(() => packed[Symbol.dispose]());

describe("examples in docstrings", () => {
  let exported: Exported[];
  let examples: Example[];
  let names: ReadonlyMap<string, ReadonlySet<string>>;
  beforeAll(() => {
    const { program, entries } = publishedProgram();
    // What several entries export is of the one whose folder it lies in; the others may give its type alone.
    const homes = new Map<ts.Symbol, { entry: string; depth: number }>();
    const all = entries.flatMap(({ name: entry, file }) =>
      exportsOf(program, file).map(({ name, symbol }) => {
        const folder = dirname(file) + sep;
        const isInside = symbol.declarations?.some((one) => one.getSourceFile().fileName.startsWith(folder)) ?? false;
        const depth = isInside ? folder.length : 0;
        if (depth >= (homes.get(symbol)?.depth ?? -1)) homes.set(symbol, { entry, depth });
        return { entry, name, symbol };
      }),
    );
    exported = all.filter(({ entry, symbol }) => homes.get(symbol)!.entry === entry);
    names = new Map(
      [...Map.groupBy(exported, ({ entry }) => entry)].map(([entry, own]) => [
        entry,
        new Set(own.map(({ name }) => name)),
      ]),
    );
    examples = exported.flatMap(({ entry, name, symbol }) =>
      examplesOf(symbol).map((text) => ({ entry, of: name, text })),
    );
  });

  it("stand at every function and class that is exported (types, constants and errors need none)", () => {
    const callable = exported.filter(({ name, symbol }) => isCallable(symbol) && !/Error$/.test(name));
    expect(callable.length).toBeGreaterThan(130);
    const without = callable.filter(({ symbol }) => examplesOf(symbol).length === 0);
    expect(without.map(({ entry, name }) => `${entry} ${name}`)).toEqual(NOT_CALLED);
  });

  it("are code, and marked as code", () => {
    const unmarked = examples.filter(({ text }) => !/^```ts\n[\s\S]+\n```$/.test(text));
    expect(unmarked).toEqual([]);
  });

  it("are not said twice of different things", () => {
    const byCode = Map.groupBy(examples, ({ text }) => text);
    const repeated = [...byCode.values()].map((same) => [...new Set(same.map(({ of }) => of))]);
    expect(repeated.filter((names) => names.length > 1)).toEqual([]);
  });

  it("give what is written behind them", async () => {
    const folder = join(dirname(packed.nodeModules), "run");
    mkdirSync(folder);
    const lines = examples.flatMap((example, index) => {
      const checked = withChecks(example);
      if (checked === undefined) return [];
      writeFileSync(join(folder, `run-${index}.ts`), programOf(checked, names));
      const said = `.catch((error) => console.log("WRONG ${example.of}:", error.message))`;
      return [`await import("./run-${index}.ts")${said};`];
    });
    expect(lines.length).toBeGreaterThan(30);
    writeFileSync(join(folder, "all.ts"), lines.join("\n"));
    const { stdout } = await run(process.execPath, [join(folder, "all.ts")], { cwd: folder });
    // Examples print what they like.
    expect(stdout.split("\n").filter((line) => line.startsWith("WRONG"))).toEqual([]);
  });

  it("compile against the packages as they are installed", () => {
    const folder = dirname(packed.nodeModules);
    const files = examples.map((example, index) => {
      const name = `example-${index}.ts`;
      writeFileSync(join(folder, name), programOf(example, names));
      return name;
    });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2024",
      lib: ["es2024", "esnext.disposable"],
      module: "nodenext",
      types: ["node"],
      skipLibCheck: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    expect(compile(folder)).toBe("");
  });
});

function isCallable(symbol: ts.Symbol): boolean {
  return (symbol.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class)) !== 0;
}

/** Of what is exported, and of its members. */
function examplesOf(symbol: ts.Symbol): string[] {
  const docs = (symbol.declarations ?? []).flatMap(docsOf);
  return docs.flatMap(({ tags }) =>
    (tags ?? [])
      .filter(({ tagName }) => tagName.text === "example")
      .map(({ comment }) => (ts.getTextOfJSDocComment(comment) ?? "").trim()),
  );
}

/** The example with each result that it tells compared; `undefined` where it tells none, as a plain value. */
function withChecks(example: Example): Example | undefined {
  const code = example.text.replaceAll(/^```.*\n?/gm, "");
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
  let checks = 0;
  const lines = source.statements.map((statement) => {
    const text = statement.getText();
    const [, told] = /^ \/\/ (.+)$/m.exec(code.slice(statement.end).split("\n", 1)[0]!) ?? [];
    if (!ts.isExpressionStatement(statement) || told === undefined || !isLiteral(told)) return text;
    checks += 1;
    return `assert.deepEqual(${text.replace(/;$/, "")}, ${told});`;
  });
  if (checks === 0) return undefined;
  return { ...example, text: ['import assert from "node:assert/strict";', ...lines].join("\n") };
}

/** Is the text a value, written out? */
function isLiteral(text: string): boolean {
  const { statements } = ts.createSourceFile("value.ts", `(${text})`, ts.ScriptTarget.Latest, true);
  const [statement] = statements;
  if (statements.length !== 1 || !ts.isExpressionStatement(statement!)) return false;
  const isValue = (node: ts.Node): boolean =>
    ts.isIdentifier(node)
      ? ts.isPropertyAssignment(node.parent) && node.parent.name === node
      : (ts.isParenthesizedExpression(node) ||
          ts.isObjectLiteralExpression(node) ||
          ts.isArrayLiteralExpression(node) ||
          ts.isPropertyAssignment(node) ||
          ts.isLiteralExpression(node) ||
          [ts.SyntaxKind.TrueKeyword, ts.SyntaxKind.FalseKeyword, ts.SyntaxKind.NullKeyword].includes(node.kind)) &&
        (ts.forEachChild(node, (child) => !isValue(child) || undefined) ?? false) === false;
  return isValue(statement.expression) && !text.includes("…");
}

/** The example as the statements of a program, with imports of what it uses. */
function programOf({ entry, of, text }: Example, names: ReadonlyMap<string, ReadonlySet<string>>): string {
  const code = text.replaceAll(/^```.*$/gm, "");
  const source = ts.createSourceFile("example.ts", code, ts.ScriptTarget.Latest, true);
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isDeclared = (ts.isVariableDeclaration(parent) || ts.isBindingElement(parent)) && parent.name === node;
      const isMember = ts.isPropertyAccessExpression(parent) && parent.name === node;
      if (isDeclared || ts.isImportSpecifier(parent)) declared.add(node.text);
      else if (!isMember && !(ts.isPropertyAssignment(parent) && parent.name === node)) used.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const free = [...used].filter((name) => !declared.has(name));
  const imports = free.flatMap((name) => {
    const from = [entry, ...ENTRIES].find((one) => names.get(one)?.has(name));
    if (from !== undefined) return [`import { ${name} } from "${from}";`];
    return AROUND[name] === undefined ? [] : [AROUND[name].replace("'pulumi-nullspace'", `'${shellOf(entry)}'`)];
  });
  return `// ${entry} ${of}\n${imports.join("\n")}\n${code}\nexport {};\n`;
}

function shellOf(entry: string): string {
  return entry === "pulumi-nullspace/native" ? entry : "pulumi-nullspace";
}

function compile(folder: string): string {
  try {
    const tsc = join(repo, "node_modules", "typescript", "bin", "tsc");
    execFileSync(process.execPath, [tsc, "-p", folder], { cwd: folder, encoding: "utf8" });
    return "";
  } catch (error) {
    const said = String((error as { stdout?: unknown }).stdout);
    return said.replaceAll(
      /^(example-\d+\.ts)/gm,
      (name) => `${readFileSync(join(folder, name), "utf8").split("\n", 1)[0]}: ${name}`,
    );
  }
}
