import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repo } from "../e2e/support/pulumi-project.ts";
import { docsPrograms, type DocsProgram } from "./docs/programs.ts";

const run = promisify(execFile);
const sdks = join(repo, "dist", "sdks");

let folder: string;
beforeAll(() => {
  if (!existsSync(join(sdks, "go", "go.mod"))) throw new Error(`there are no SDKs in ${sdks}: npm run sdks`);
  folder = mkdtempSync(join(tmpdir(), "docs-programs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes each program into a folder of its own. @returns the folders */
function writeEach(language: string, file: string, programs: readonly DocsProgram[]): string[] {
  return programs.map(({ text }, index) => {
    const own = join(folder, language, `p${index}`);
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, file), `${text}\n`);
    return own;
  });
}

describe("the programs of the docs and of the templates", () => {
  it("are right in the eyes of Go's compiler", async () => {
    const programs = docsPrograms("go", "nullspace-go/main.go");
    expect(programs.length).toBeGreaterThan(6);
    writeEach("go", "main.go", programs);
    const module = "github.com/catamaran-research/pulumi-nullspace/sdk/go";
    const lines = ["module docs", "go 1.24", `require ${module} v0.0.0`, `replace ${module} => ${join(sdks, "go")}`];
    writeFileSync(join(folder, "go", "go.mod"), `${lines.join("\n")}\n`);
    const options = { cwd: join(folder, "go"), env: { ...process.env, GOWORK: "off", GOFLAGS: "-mod=mod" } };
    await run("go", ["mod", "tidy"], options);
    await run("go", ["build", "./..."], options);
  });

  it("are right in the eyes of Java's compiler", async () => {
    const programs = docsPrograms("java");
    const folders = writeEach("java", "App.java", programs);
    const java = join(sdks, "java");
    const list = join(folder, "classpath");
    await run("mvn", ["--quiet", "--batch-mode", "dependency:build-classpath", `-Dmdep.outputFile=${list}`], {
      cwd: java,
    });
    const classpath = readFileSync(list, "utf8");
    const jars = readdirSync(join(java, "target")).filter((name) => /^nullspace-[\d.]+\.jar$/.test(name));
    expect(jars).toHaveLength(1);
    const all = [join(java, "target", jars[0]!), classpath.trim()].join(delimiter);
    for (const own of folders)
      await run("javac", ["-Xlint:all,-processing", "-cp", all, "-d", own, join(own, "App.java")]);
  });

  const python = docsPrograms("python", "nullspace-python/__main__.py");
  it.each(python)("run in Python, and declare resources: $name", async ({ name, text }) => {
    const [own] = writeEach(`python-${name.replaceAll(/\W/g, "-")}`, "__main__.py", [{ name, text }]);
    const home = process.env.NULLSPACE_PULUMI_PYTHON;
    if (home === undefined) throw new Error("NULLSPACE_PULUMI_PYTHON is not set: npm test -- --project languages");
    const mocked = join(import.meta.dirname, "docs", "mocked.py");
    const { stdout } = await run(join(home, "bin", "python"), [mocked, join(own!, "__main__.py")], {
      env: { ...process.env, PYTHONPATH: join(sdks, "python") },
    });
    const wanted = [...text.matchAll(/nullspace\.(Template|TemplateTag|WarmPool)\(/g)].map(
      ([, type]) => `nullspace:index:${type}`,
    );
    expect(
      stdout
        .split("\n")
        .filter((line) => line.startsWith("nullspace:"))
        .sort(),
    ).toEqual(wanted.sort());
  });
});
