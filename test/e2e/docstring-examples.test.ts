import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { installPacked } from "./support/packed-package.ts";
import { repo } from "./support/pulumi-project.ts";

/** Entries whose names an example may use without importing them. */
const ENTRIES = ["sdk", "docker", "context", "secrets"];

const { dependencies } = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};
const packed = installPacked("0.1.0", [...Object.keys(dependencies), "@types/node"]);
afterAll(() => packed[Symbol.dispose]());

describe("examples in docstrings of the SDK", () => {
  it("compile against the published declarations", () => {
    const folder = dirname(packed.nodeModules);
    const types = join(packed.nodeModules, "pulumi-nullspace", "dist", "types");
    const names = exportedNames(ENTRIES.map((entry) => join(types, "sdk", entry === "sdk" ? "" : entry, "index.d.ts")));
    const isPublic = (name: string): boolean => names.some((own) => own.has(name));
    const examples = globSync("sdk/**/*.d.ts", { cwd: types }).flatMap((file) =>
      examplesOf(join(types, file), isPublic).map((code) => ({ file, code })),
    );
    expect(examples.length).toBeGreaterThan(15);
    const files = examples.map(({ file, code }, index) => {
      const imports = ENTRIES.flatMap((entry, at) => {
        const used = [...names[at]!].filter((name) => new RegExp(`\\b${name}\\b`).test(code));
        const isOwn = entry === "sdk" || file.startsWith(`sdk/${entry}/`);
        return used.length > 0 && isOwn ? [`import { ${used.join(", ")} } from "pulumi-nullspace/${entry}";`] : [];
      });
      const name = `example-${index}.ts`;
      // As the statements of a program; a value that is only shown is one.
      writeFileSync(join(folder, name), `// ${file}\n${imports.slice(-1).join("\n")}\n${code}\nexport {};\n`);
      return name;
    });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2024",
      module: "nodenext",
      types: ["node"],
      skipLibCheck: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    expect(compile(folder)).toBe("");
  });
});

function exportedNames(files: readonly string[]): Set<string>[] {
  const program = ts.createProgram(files, { module: ts.ModuleKind.NodeNext, noLib: true });
  const checker = program.getTypeChecker();
  return files.map((file) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    return new Set(checker.getExportsOfModule(module).map(({ name }) => name));
  });
}

/** Examples of what is exported, and of its members. */
function examplesOf(file: string, isPublic: (name: string) => boolean): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    for (const tag of ts.getJSDocTags(node).filter(({ parent }) => parent.parent === node)) {
      if (tag.tagName.text === "example")
        found.push(ts.getTextOfJSDocComment(tag.comment)!.replaceAll(/^```.*$/gm, ""));
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of source.statements) {
    const named = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0] : statement;
    const name = (named as { name?: ts.Node }).name?.getText();
    if (name !== undefined && isPublic(name)) visit(statement);
  }
  return found;
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
