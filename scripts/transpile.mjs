#!/usr/bin/env node
/**
 * Writes the JavaScript of both packages, `dist` and `service/dist`, file by file: without the types, which the compiler checks
 * elsewhere, and which take ten times as long.
 *
 *   node scripts/transpile.mjs
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

for (const folder of [ROOT, join(ROOT, "service")]) {
  const path = join(folder, "tsconfig.build.json");
  const { config, error } = ts.readConfigFile(path, (file) => readFileSync(file, "utf8"));
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, "\n"));
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, folder, undefined, path);
  if (errors[0]) throw new Error(ts.flattenDiagnosticMessageText(errors[0].messageText, "\n"));
  for (const fileName of fileNames) {
    const { outputText, diagnostics = [] } = ts.transpileModule(readFileSync(fileName, "utf8"), {
      fileName,
      // Every module is an ECMAScript one; a single file cannot ask the package.json that says so.
      compilerOptions: {
        ...options,
        module: ts.ModuleKind.ESNext,
        moduleResolution: ts.ModuleResolutionKind.Bundler,
        jsx: ts.JsxEmit.React,
        declaration: false,
      },
      reportDiagnostics: true,
    });
    if (diagnostics[0])
      throw new Error(`${fileName}: ${ts.flattenDiagnosticMessageText(diagnostics[0].messageText, "\n")}`);
    const out = join(folder, "dist", relative(folder, fileName)).replace(/\.ts$/, ".js");
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, outputText);
  }
}
