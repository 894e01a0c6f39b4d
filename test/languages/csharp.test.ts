import { globSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLES } from "../../scripts/generate/examples.ts";
import { repo } from "../e2e/support/pulumi-project.ts";
import { compile, hasCompiler, PULUMI_SURFACE, pulumiSources, type Compilation } from "./support/csharp/compiler.ts";
import { parseErrors } from "./support/csharp/parse-errors.ts";
import { docsPrograms } from "./support/docs-programs.ts";
import { madeSdks, SDKS } from "./support/made-sdks.ts";

/** A program that is wrong in one way that only types tell. */
const WRONG = `
using Pulumi;
using Nullspace = Pulumi.Nullspace;

return await Deployment.RunAsync(() =>
{
    new Nullspace.WarmPool("pool", new() { Name = "web", Template = "web:stable", MinReady = "two", MaxReady = 3 });
});
`;

/** The SDK and each program, over one declaration of the package `Pulumi`. */
function allOver(pulumi: Compilation, programs: readonly string[]): Compilation[] {
  const sdk = {
    name: `${pulumi.name}.Nullspace`,
    files: globSync("dotnet/**/*.cs", { cwd: SDKS }).map((path) => join(SDKS, path)),
    references: [pulumi.name],
  };
  const references = [pulumi.name, sdk.name];
  return [
    pulumi,
    sdk,
    ...programs.map((path, at) => ({
      name: `${pulumi.name}-${at}-${basename(dirname(path))}`,
      files: [path],
      references,
      isProgram: true,
    })),
  ];
}

describe("the SDK for .NET and the C# programs of the docs", () => {
  const folder = mkdtempSync(join(tmpdir(), "csharp-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const programs = globSync(`${EXAMPLES}/*/Program.cs`, { cwd: repo }).map((path) => join(repo, path));

  beforeAll(async () => {
    await madeSdks();
    for (const [at, { text }] of docsPrograms("csharp").entries()) {
      programs.push(join(folder, `docs-${at}.cs`));
      writeFileSync(programs.at(-1)!, text);
    }
    expect(programs.length).toBeGreaterThan(15);
  });

  it.runIf(hasCompiler)("compile without a warning", async () => {
    const { diagnostics } = await compile(allOver({ name: "Pulumi", files: [PULUMI_SURFACE] }, programs));
    expect(Object.keys(diagnostics)).toHaveLength(programs.length + 2);
    expect(Object.values(diagnostics).flat()).toEqual([]);
  });

  it.runIf(hasCompiler)("would not compile with a value of another type", async () => {
    const wrong = join(folder, "wrong.cs");
    writeFileSync(wrong, WRONG);
    const { diagnostics } = await compile(allOver({ name: "Pulumi", files: [PULUMI_SURFACE] }, [wrong]));
    expect(Object.values(diagnostics).flat()).toEqual([
      expect.stringMatching(/error CS0029: .*'string' to 'Pulumi\.Input<int>'/),
    ]);
  });

  // By hand, with a clone of pulumi-dotnet: it is not in the registries that CI has. Its own files do not compile without the
  // libraries that it is made with, and what it declares for programs is of none of them.
  it.runIf(hasCompiler && pulumiSources.length > 0)("compile over the sources of Pulumi itself", async () => {
    const surface = { name: "Surface", files: [PULUMI_SURFACE] };
    const all = [surface, ...allOver({ name: "Pulumi", files: pulumiSources }, programs)];
    const { diagnostics, undeclared } = await compile(all, { surface: "Surface", with: "Pulumi" });
    expect(undeclared).toEqual([]);
    const rest = Object.entries(diagnostics).filter(([name]) => name !== "Pulumi");
    expect(rest).toHaveLength(programs.length + 2);
    expect(rest.flatMap(([, told]) => told)).toEqual([]);
  });

  it("are C# in the eyes of a parser that is not Pulumi's", async () => {
    const files = globSync("dotnet/**/*.cs", { cwd: SDKS });
    expect(files.length).toBeGreaterThan(20);
    expect(await parseErrors([...files.map((path) => join(SDKS, path)), ...programs])).toEqual([]);
  });
});
