/**
 * Writes the declarations that the package publishes, `dist/types/`, from its sources.
 *
 *   node scripts/declarations.ts
 *
 * They are the compiler's own, but for what is inferred from zod schemas: there stand plain interfaces, so that a program
 * compiles without zod's declarations, under whatever settings. The files below `dist/types/commonjs/` are the same for a
 * program that is CommonJS, for which a compiler looks at the nearest package.json.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { plainDeclarations } from "./declarations/plain-declarations.ts";
import { SchemaTypes } from "./declarations/schema-types.ts";

const root = join(import.meta.dirname, "..");
const out = join(root, "dist", "types");

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string | { "nullspace-source"?: string }>;
};
const entries = Object.values(exports).flatMap((entry) =>
  typeof entry === "object" && entry["nullspace-source"] ? [join(root, entry["nullspace-source"])] : [],
);

const program = ts.createProgram(entries, { ...compilerOptions(), outDir: out, rootDir: root });
const emitted = new Map<string, string>();
const { diagnostics } = program.emit(undefined, (path, text) => emitted.set(path, text), undefined, true);
if (diagnostics.length > 0) {
  throw new Error(
    ts.formatDiagnostics(diagnostics, { ...ts.sys, getCanonicalFileName: (name) => name, getNewLine: () => "\n" }),
  );
}

const types = new SchemaTypes(program);
const written = new Map<string, string>();
const waiting = entries.map((entry) => join(out, relative(root, entry)).replace(/\.ts$/, ".d.ts"));
for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
  if (written.has(path)) continue;
  const source = program.getSourceFile(join(root, relative(out, path)).replace(/\.d\.ts$/, ".ts"));
  const text = emitted.get(path);
  if (text === undefined || source === undefined) throw new Error(`No declaration of ${path}`);
  const plain = plainDeclarations({ source, text, types, schemaModule: join(root, "sdk", "schema.ts") });
  written.set(path, plain);
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

function compilerOptions(): ts.CompilerOptions {
  const file = join(root, "tsconfig.build.json");
  const { config, error } = ts.readConfigFile(file, (path) => readFileSync(path, "utf8"));
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root, undefined, file);
  return { ...options, stripInternal: true, emitDeclarationOnly: true, newLine: ts.NewLineKind.LineFeed };
}
