import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** One assembly to compile. */
export interface Compilation {
  name: string;
  /** Paths of its sources. */
  files: readonly string[];
  /** Names of earlier compilations, of which it sees what is public. */
  references?: readonly string[];
  /** Has statements at the top, or a `Main`. */
  isProgram?: boolean;
}

/** What the compiler says. */
export interface Compiled {
  /** Warnings and errors of each compilation, by its name. */
  diagnostics: Record<string, string[]>;
  /** What is public in the `surface` and not in the other compilation: identifiers as XML documentation has them. */
  undeclared: string[];
}

/** Whether set-up found a C# compiler for this machine. */
export const hasCompiler = process.env["NULLSPACE_ROSLYN"] !== undefined;

/** What the SDK and programs use of the package `Pulumi`, as a source. */
export const PULUMI_SURFACE = join(import.meta.dirname, "pulumi-surface.cs");

/** Sources of the package `Pulumi` itself, where NULLSPACE_TEST_PULUMI_DOTNET is a clone of github.com/pulumi/pulumi-dotnet. */
export const pulumiSources: readonly string[] =
  process.env["NULLSPACE_TEST_PULUMI_DOTNET"] === undefined
    ? []
    : globSync(join(process.env["NULLSPACE_TEST_PULUMI_DOTNET"], "sdk/Pulumi/**/*.cs"));

/**
 * Compiles one after the other, without writing an assembly.
 *
 * @param compare the names of two compilations: what is public in the surface has to be so in the other
 */
export async function compile(
  compilations: readonly Compilation[],
  compare?: { surface: string; with: string },
): Promise<Compiled> {
  const program = [join(import.meta.dirname, "compile.py"), process.env["NULLSPACE_ROSLYN"]!];
  const child = spawn(process.env["NULLSPACE_CSHARP_PYTHON"]!, program, { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  child.stdin.end(JSON.stringify({ compilations, ...(compare === undefined ? {} : { compare }) }));
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`compile.py ended with ${code}:\n${errors}`);
  return JSON.parse(output) as Compiled;
}
