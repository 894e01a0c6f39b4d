import { execFileSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAM_FILES, type ExampleLanguage } from "../../provider/generator/examples.ts";
import { fileName } from "../../provider/generator/file-name.ts";
import { rooms } from "../../provider/generated/controllers.ts";
import { EXAMPLES, findSources, programFile } from "../../scripts/generate/examples.ts";
import { run } from "../../scripts/quickstart/command.ts";
import { translateExamples } from "../../scripts/sdks/codegen.ts";
import { repo } from "../e2e/support/pulumi-project.ts";
import { madeSdks, SDKS } from "./support/made-sdks.ts";

const folders = globSync(`${EXAMPLES}/*/`, { cwd: repo }).map((path) => basename(path));
const program = (folder: string, language: ExampleLanguage): string =>
  join(repo, EXAMPLES, folder, PROGRAM_FILES[language]);

describe("the examples of the Registry", () => {
  // Below the repository, so that Node finds the packages of the programs in its node_modules.
  const work = mkdtempSync(join(repo, "dist", "examples-"));
  beforeAll(madeSdks);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  /** Each program in a folder of its own. */
  function place(language: ExampleLanguage): string {
    for (const folder of folders) {
      const to = join(work, language, folder.replaceAll("-", "_"), PROGRAM_FILES[language]);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(program(folder, language), to);
    }
    return join(work, language);
  }

  it("are what Pulumi's generators make of their sources today", async () => {
    const rest = rooms.map(({ type }) => findSources(join(repo, "provider", "core", fileName(type)), type));
    const sources = (await Promise.all(rest)).flat();
    const texts = Object.fromEntries(sources.map(({ folder, text }) => [folder, text]));
    const translated = await translateExamples(join(repo, "schema.json"), texts);
    expect(Object.keys(translated).sort()).toEqual([...folders].sort());
    for (const [folder, programs] of Object.entries(translated)) {
      for (const [language, text] of Object.entries(programs) as [ExampleLanguage, string][]) {
        expect(readFileSync(program(folder, language), "utf8")).toBe(programFile(folder, language, text));
      }
    }
  });

  it("compile in TypeScript", async () => {
    const folder = place("typescript");
    const paths = { "@nullspace/pulumi": [join(SDKS, "nodejs", "bin", "index")] };
    // As the project files of Pulumi's own templates.
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: "commonjs",
      moduleResolution: "node",
      target: "es2020",
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { ...compilerOptions, paths }, include: ["*/index.ts"] }),
    );
    await run(process.execPath, [join(repo, "node_modules/typescript/bin/tsc"), "-p", folder]);
  });

  it("compile in Go", async () => {
    const module = "github.com/catamaran-research/pulumi-nullspace/sdk/go";
    const folder = place("go");
    const lines = [
      "module examples",
      "",
      "go 1.24",
      "",
      `require ${module} v0.0.0`,
      "",
      `replace ${module} => ${SDKS}/go`,
    ];
    writeFileSync(join(folder, "go.mod"), `${lines.join("\n")}\n`);
    const env = { ...process.env, GOFLAGS: "-mod=mod", GOWORK: "off" };
    await run("go", ["mod", "tidy"], { cwd: folder, env });
    await run("go", ["build", "./..."], { cwd: folder, env });
  });

  it("compile in Java", async () => {
    const folder = place("java");
    const jars = globSync(join(SDKS, "packages", "nullspace-*[0-9].jar"));
    const classpath = join(folder, "classpath.txt");
    const maven = ["--quiet", "--batch-mode", "dependency:build-classpath", `-Dmdep.outputFile=${classpath}`];
    await run("mvn", maven, { cwd: join(SDKS, "java") });
    const path = [...jars, readFileSync(classpath, "utf8").trim()].join(delimiter);
    expect(jars).toHaveLength(1);
    for (const [at, file] of globSync(join(folder, "*", "App.java")).entries()) {
      await run("javac", ["-Xlint:-options", "-d", join(folder, `out-${at}`), "-classpath", path, file]);
    }
  });

  it("run in Python", () => {
    const python = join(process.env["NULLSPACE_PULUMI_PYTHON"]!, "bin", "python");
    const config = { "project:npmToken": "t", "project:registryPassword": "p", "project:buildId": "tb_0123456789ab" };
    const env = { ...process.env, PYTHONPATH: join(SDKS, "python"), PULUMI_CONFIG: JSON.stringify(config) };
    const made = folders.flatMap((folder) => {
      const mocked = join(import.meta.dirname, "support", "mocked.py");
      const out = execFileSync(python, [mocked, program(folder, "python")], { env, encoding: "utf8" });
      return (JSON.parse(out) as string[]).map((token) => token.slice(token.lastIndexOf(":") + 1));
    });
    expect(new Set(made)).toEqual(
      new Set([...rooms.map(({ type }) => type), "getTemplate", "getTemplates", "getBuild", "getWarmPool"]),
    );
  });
});
