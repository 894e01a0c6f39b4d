/**
 * Writes the declarations that the packages publish, `dist/types/` and `service/dist/types/`, from their sources.
 *
 *   node scripts/declarations.ts pulumi-nullspace nullspace-local   or one of the two
 *
 * They are the compiler's own, but for what is inferred from zod schemas: there stand plain interfaces, so that a program
 * compiles without zod's declarations, under whatever settings. Only what an entry leads to is written. The files below
 * `commonjs/` are the same for a program that is CommonJS, for which a compiler looks at the nearest package.json.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { plainDeclarations } from "./declarations/plain-declarations.ts";
import { SchemaTypes } from "./declarations/schema-types.ts";

const root = join(import.meta.dirname, "..");
const SERVICE = "nullspace-local";

const { name, exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  name: string;
  exports: Record<string, string | { "nullspace-source"?: string }>;
};
const entries = Object.entries(exports).flatMap(([entry, target]): [string, string][] =>
  typeof target === "object" && target["nullspace-source"]
    ? [[join(root, target["nullspace-source"]), name + entry.slice(1)]]
    : [],
);
const service = join(root, "service");
if (process.argv.includes(name)) writeDeclarations(root, new Map(entries));
if (process.argv.includes(SERVICE)) writeDeclarations(service, new Map([[join(service, "index.ts"), SERVICE]]));

/** Writes those of the package in `folder`. @param modules the sources of its entries, and what programs import each by */
function writeDeclarations(folder: string, modules: ReadonlyMap<string, string>): void {
  const entries = [...modules.keys()];
  const out = join(folder, "dist", "types");
  const program = ts.createProgram(entries, { ...compilerOptions(folder), outDir: out, rootDir: folder });
  const emitted = new Map<string, string>();
  const { diagnostics } = program.emit(undefined, (path, text) => emitted.set(path, text), undefined, true);
  if (diagnostics.length > 0) {
    throw new Error(
      ts.formatDiagnostics(diagnostics, { ...ts.sys, getCanonicalFileName: (name) => name, getNewLine: () => "\n" }),
    );
  }

  const types = new SchemaTypes(program);
  const written = new Map<string, string>();
  const waiting = entries.map((entry) => join(out, relative(folder, entry)).replace(/\.ts$/, ".d.ts"));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (written.has(path)) continue;
    const source = program.getSourceFile(join(folder, relative(out, path)).replace(/\.d\.ts$/, ".ts"));
    const text = emitted.get(path);
    if (text === undefined || source === undefined) throw new Error(`No declaration of ${path}`);
    const plain = plainDeclarations({ source, text, types, schemaModule: join(root, "sdk", "schema.ts") });
    const module = modules.get(source.fileName);
    // By this name the entry stands in the API reference.
    written.set(path, module === undefined ? plain : `/** @module ${module} */\n${plain}`);
    for (const { fileName } of ts.preProcessFile(plain, true, true).importedFiles) {
      if (fileName.startsWith(".")) waiting.push(join(dirname(path), fileName).replace(/\.js$/, ".d.ts"));
    }
  }

  if (existsSync(out)) rmSync(out, { recursive: true });
  for (const [path, text] of written) {
    for (const place of [path, join(out, "commonjs", relative(out, path))]) {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, text);
    }
  }
  writeFileSync(join(out, "commonjs", "package.json"), `${JSON.stringify({ type: "commonjs" })}\n`);
}

function compilerOptions(folder: string): ts.CompilerOptions {
  const file = join(folder, "tsconfig.build.json");
  const { config, error } = ts.readConfigFile(file, (path) => readFileSync(path, "utf8"));
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder, undefined, file);
  return {
    ...options,
    stripInternal: true,
    declaration: true,
    emitDeclarationOnly: true,
    newLine: ts.NewLineKind.LineFeed,
  };
}
