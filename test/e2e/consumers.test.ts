import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { afterAll, describe, expect, it } from "vitest";
import { COMPILERS, KINDS, type ConsumerKind } from "./support/consumer-kinds.ts";
import { PROGRAM, SAID, SERVICE_PROGRAM, SERVICE_SAID } from "./support/consumer-program.ts";
import { installPacked } from "./support/packed-package.ts";
import { installService, serviceManifest } from "./support/packed-service.ts";
import { repo } from "./support/pulumi-project.ts";

const manifest = JSON.parse(readFileSync(join(repo, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  exports: Record<string, string | { types: Record<string, string> }>;
};
// What npm installs for a program that names Pulumi, this package and the types of Node; nothing that only we develop with.
const libraries = Object.keys(manifest.dependencies);
const packed = installPacked("0.1.0", [...libraries, "@types/node"]);
const own = join(packed.nodeModules, "pulumi-nullspace");
const service = installService(packed);
afterAll(() => packed[Symbol.dispose]());

const run = promisify(execFile);
/**
 * Where a program that starts the service is compiled, too: what differs for one package with one entry is how it is found, and
 * by which of import and require.
 */
const STARTING = KINDS.filter(({ title }) => /as of old|CommonJS with|ESM with node/.test(title));
const compilations = new Map<string, Promise<{ folder: string; errors: string[] }>>();
const ENTRIES = Object.keys(manifest.exports).filter((entry) => !entry.endsWith(".json"));

/** What the package in `folder` declares, from these entries on: the files, and the packages that they import. */
function declared(
  folder: string,
  entries: readonly string[],
): { seen: Set<string>; others: string[]; packages: string[] } {
  const imported = new Set<string>();
  const seen = new Set<string>();
  const waiting = entries.map((entry) => join(folder, entry));
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const { fileName } of ts.preProcessFile(readFileSync(file, "utf8"), true, true).importedFiles) {
      if (fileName.startsWith(".")) waiting.push(join(dirname(file), fileName).replace(/\.js$/, ".d.ts"));
      else imported.add(/^(?:@[^/]+\/)?[^/]+/.exec(fileName)![0]);
    }
  }
  const isForRequire = entries.some((entry) => entry.includes("commonjs"));
  const others = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (path) =>
      path.endsWith(".d.ts") &&
      !path.startsWith("node_modules") &&
      path.includes("commonjs") === isForRequire &&
      !seen.has(join(folder, path)),
  );
  return { seen, others, packages: [...imported].filter((name) => !name.startsWith("node:")).sort() };
}

describe.each(["default", "require"] as const)("the declarations (%s)", (condition) => {
  it("of the package import nothing but what is installed with it", () => {
    const entries = ENTRIES.map(
      (entry) => (manifest.exports[entry] as { types: Record<string, string> }).types[condition]!,
    );
    const { seen, others, packages } = declared(own, entries);
    expect(seen.size).toBeGreaterThan(100);
    expect(packages).toContain("@pulumi/pulumi");
    expect(packages).not.toContain("zod");
    expect(packages.filter((name) => !libraries.includes(name))).toEqual([]);
    // None is there that no entry leads to.
    expect(others).toEqual([]);
  });

  it("of the service, too, and it shows no more than the SDK and its logger", () => {
    const { seen, others, packages } = declared(service, [serviceManifest(service).exports["."].types[condition]]);
    expect(seen.size).toBeGreaterThan(3);
    expect(packages).toEqual(["pino", "pulumi-nullspace"]);
    expect(others).toEqual([]);
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
      expect(await compiledAndRun(compiler, kind, "index")).toEqual(SAID);
    });
  });
});

describe("a program that starts the service", () => {
  describe.each(COMPILERS)("%s", (compiler) => {
    const kinds = STARTING.filter(({ compilers }) => compilers.includes(compiler));
    it.concurrent.each(kinds)("compiles and runs: $title", async (kind) => {
      expect(await compiledAndRun(compiler, kind, "service")).toEqual(SERVICE_SAID);
    });
  });
});

/** The lines that a program prints. */
async function compiledAndRun(compiler: string, kind: ConsumerKind, program: "index" | "service"): Promise<string[]> {
  const { folder, errors } = await compiled(compiler, kind);
  const others = program === "index" ? "service" : "index";
  expect(errors.filter((line) => !line.startsWith(`${others}.ts`))).toEqual([]);
  const { stdout } = await run(process.execPath, [join(folder, "bin", `${program}.js`)], { cwd: folder });
  return stdout.trim().split("\n");
}

/**
 * The programs of a kind, compiled in one go, as the compiler looks at the declarations of every library each time; and what
 * it finds wrong with the programs, or with our declarations.
 */
function compiled(compiler: string, kind: ConsumerKind): Promise<{ folder: string; errors: string[] }> {
  const key = `${compiler} ${kind.title}`;
  const known = compilations.get(key) ?? compileKind(compiler, kind);
  compilations.set(key, known);
  return known;
}

async function compileKind(compiler: string, kind: ConsumerKind): Promise<{ folder: string; errors: string[] }> {
  const starts = STARTING.includes(kind);
  const folder = project(compiler, kind, "programs");
  const found = await compile(compiler, folder, { index: PROGRAM, ...(starts ? { service: SERVICE_PROGRAM } : {}) });
  const ofOthers = found.filter(
    (line) => !/^(?:index|service)\.ts|(?:pulumi-nullspace|nullspace-local)\/dist/.test(line),
  );
  if (ofOthers.length > 0) {
    // Libraries whose own declarations may not bear the settings: then they do not without these packages, either.
    const libraries = {
      index: 'export * from "@pulumi/pulumi";\n',
      ...(starts ? { service: 'export { pino } from "pino";\n' } : {}),
    };
    expect(await compile(compiler, project(compiler, kind, "library"), libraries)).toEqual(ofOthers);
  }
  return { folder, errors: found.filter((line) => !ofOthers.includes(line)) };
}

/** An empty project of the kind, beside the installed packages. */
function project(compiler: string, { title, type, compilerOptions }: ConsumerKind, name: string): string {
  const folder = join(dirname(packed.nodeModules), name, compiler, title.replaceAll(/\W+/g, "-"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "consumer", ...(type === "module" ? { type } : {}) }),
  );
  const tsconfig = {
    compilerOptions: { ...compilerOptions, skipLibCheck: false, types: ["node"] },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
  return folder;
}

/** What the compiler finds wrong with programs, by their names, which it compiles all the same. */
async function compile(compiler: string, folder: string, programs: Record<string, string>): Promise<string[]> {
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(folder, `${name}.ts`), text);
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
