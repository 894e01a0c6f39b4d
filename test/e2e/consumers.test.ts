import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { COMPILERS, KINDS, type ConsumerKind } from "./support/consumer-kinds.ts";
import { PROGRAM, SAID } from "./support/consumer-program.ts";
import { installPacked } from "./support/packed-package.ts";
import { repo } from "./support/pulumi-project.ts";

const manifest = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  exports: Record<string, string | { types: Record<string, string> }>;
};
// What npm installs for a program that names Pulumi, this package and the types of Node; nothing that only we develop with.
const libraries = Object.keys(manifest.dependencies);
const packed = installPacked("0.1.0", [...libraries, "@types/node"]);
const own = join(packed.nodeModules, "pulumi-nullspace");
afterAll(() => packed[Symbol.dispose]());

const run = promisify(execFile);
const ENTRIES = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));

describe("the declarations of the package", () => {
  it.each(["default", "require"])("import nothing but what is installed with it (%s)", (condition) => {
    const imported = new Set<string>();
    const seen = new Set<string>();
    const waiting = ENTRIES.map((entry) => {
      const target = manifest.exports[entry];
      return join(own, (target as { types: Record<string, string> }).types[condition]!);
    });
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (seen.has(file)) continue;
      seen.add(file);
      for (const { fileName } of ts.preProcessFile(readFileSync(file, "utf8"), true, true).importedFiles) {
        if (fileName.startsWith(".")) waiting.push(join(dirname(file), fileName).replace(/\.js$/, ".d.ts"));
        else imported.add(/^(?:@[^/]+\/)?[^/]+/.exec(fileName)![0]);
      }
    }
    expect(seen.size).toBeGreaterThan(100);
    const packages = [...imported].filter((name) => !name.startsWith("node:")).sort();
    expect(packages).toContain("@pulumi/pulumi");
    expect(packages).not.toContain("zod");
    expect(packages.filter((name) => !libraries.includes(name))).toEqual([]);
    // None is there that no entry leads to.
    const all = readdirSync(own, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".d.ts"));
    const isOther = (path: string): boolean => path.includes("commonjs") !== (condition === "require");
    expect(all.filter((path) => !isOther(path) && !seen.has(join(own, path)))).toEqual([]);
  });
});

describe("a program that uses every entry", () => {
  it("imports each of them", () => {
    const used = ts.preProcessFile(PROGRAM, true, true).importedFiles.map(({ fileName }) => fileName);
    const entries = ENTRIES.map((entry) => `pulumi-nullspace${entry.slice(1)}`);
    expect(used.filter((name) => name.startsWith("pulumi-nullspace")).sort()).toEqual(entries.sort());
  });

  describe.each(COMPILERS)("%s", (compiler) => {
    const kinds = KINDS.filter(({ compilers }) => compilers.includes(compiler));
    it.concurrent.each(kinds)("compiles and runs: $title", async (kind) => {
      const folder = project(compiler, kind);
      const errors = await compile(compiler, folder, PROGRAM);
      const ofOthers = errors.filter((line) => !/^index\.ts|pulumi-nullspace\/dist/.test(line));
      expect(errors.filter((line) => !ofOthers.includes(line))).toEqual([]);
      // A library's own declarations may not bear the settings: then they do not without this package, either.
      if (ofOthers.length > 0) {
        expect(await compile(compiler, folder, 'export * from "@pulumi/pulumi";\n')).toEqual(ofOthers);
        await compile(compiler, folder, PROGRAM);
      }
      const { stdout } = await run(process.execPath, [join(folder, "bin", "index.js")], { cwd: folder });
      expect(stdout.trim().split("\n")).toEqual(SAID);
    });
  });
});

/** An empty project of the kind, beside the installed packages. */
function project(compiler: string, { title, type, compilerOptions }: ConsumerKind): string {
  const folder = join(dirname(packed.nodeModules), compiler, title.replaceAll(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "consumer", ...(type === "module" ? { type } : {}) }),
  );
  const tsconfig = {
    compilerOptions: { ...compilerOptions, skipLibCheck: false, types: ["node"] },
    files: ["index.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  return folder;
}

/** What the compiler finds wrong with a program, which it compiles all the same. */
async function compile(compiler: string, folder: string, program: string): Promise<string[]> {
  writeFileSync(join(folder, "index.ts"), program);
  const tsc = join(repo, "node_modules", compiler, "bin", "tsc");
  try {
    await run(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { cwd: folder });
    return [];
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return stdout.split("\n").filter((line) => line.includes(": error "));
  }
}
