import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../scripts/quickstart/command.ts";
import { docsPrograms, type DocsProgram } from "./support/docs-programs.ts";
import { madeSdks, SDKS } from "./support/made-sdks.ts";

/** What the programs take from the stack's settings. */
const SETTINGS = ["europeKey", "downloadToken", "apiToken", "baseImage"];

describe("the programs of the docs and of the templates", () => {
  const folder = mkdtempSync(join(tmpdir(), "docs-programs-"));
  beforeAll(madeSdks);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Writes each program into a folder of its own. @returns the files */
  function writeEach(language: string, file: string, programs: readonly DocsProgram[]): string[] {
    return programs.map(({ text }, index) => {
      const own = join(folder, language, `p${index}`);
      mkdirSync(own, { recursive: true });
      writeFileSync(join(own, file), `${text}\n`);
      return join(own, file);
    });
  }

  it("compile in Go", async () => {
    const programs = docsPrograms("go", "nullspace-go/main.go");
    expect(programs.length).toBeGreaterThan(6);
    writeEach("go", "main.go", programs);
    const module = "github.com/catamaran-research/pulumi-nullspace/sdk/go";
    const lines = ["module docs", "go 1.24", `require ${module} v0.0.0`, `replace ${module} => ${SDKS}/go`];
    writeFileSync(join(folder, "go", "go.mod"), `${lines.join("\n")}\n`);
    const options = { cwd: join(folder, "go"), env: { ...process.env, GOWORK: "off", GOFLAGS: "-mod=mod" } };
    await run("go", ["mod", "tidy"], options);
    await run("go", ["build", "./..."], options);
  });

  it("compile in Java", async () => {
    const files = writeEach("java", "App.java", docsPrograms("java"));
    const jars = globSync(join(SDKS, "packages", "nullspace-*[0-9].jar"));
    expect(jars).toHaveLength(1);
    const classpath = join(folder, "classpath.txt");
    const maven = ["--quiet", "--batch-mode", "dependency:build-classpath", `-Dmdep.outputFile=${classpath}`];
    await run("mvn", maven, { cwd: join(SDKS, "java") });
    const path = [...jars, readFileSync(classpath, "utf8").trim()].join(delimiter);
    for (const [at, file] of files.entries()) {
      await run("javac", ["-Xlint:-options", "-d", join(folder, `out-${at}`), "-classpath", path, file]);
    }
  });

  const python = docsPrograms("python", "nullspace-python/__main__.py");
  it.each(python)("run in Python, and declare their resources: $name", async ({ name, text }) => {
    const [file] = writeEach(`python-${name.replaceAll(/\W/g, "-")}`, "__main__.py", [{ name, text }]);
    const settings = Object.fromEntries(SETTINGS.map((key) => [`project:${key}`, "x"]));
    const env = { ...process.env, PYTHONPATH: join(SDKS, "python"), PULUMI_CONFIG: JSON.stringify(settings) };
    const interpreter = join(process.env["NULLSPACE_PULUMI_PYTHON"]!, "bin", "python");
    const { stdout } = await run(interpreter, [join(import.meta.dirname, "support", "mocked.py"), file!], { env });
    const made = (JSON.parse(stdout) as string[]).filter((token) => token.startsWith("nullspace:"));
    const named = [...text.matchAll(/nullspace\.(Template|TemplateTag|WarmPool)\(/g)].map(([, type]) => type);
    expect(made.map((token) => token.slice(token.lastIndexOf(":") + 1)).sort()).toEqual(named.sort());
  });
});
