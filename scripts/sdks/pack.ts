import { copyFile, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../quickstart/command.ts";
import { findCommand, isExecutableFile } from "../setup/platform.mjs";
import type { SdkLanguage } from "./codegen.ts";
import { mavenProject } from "./maven-project.ts";

/** The version of Pulumi's SDK for Go that the generated one is built with; programs may have a newer one. */
const PULUMI_GO_SDK = "v3.218.0";

/** Where an SDK is and where its packages go. */
export interface Place {
  /** Folder of the repository. */
  root: string;
  /** Folder of the generated SDK. */
  folder: string;
  packages: string;
}

export type Packed = { isPacked: true; files: string[] } | { isPacked: false; reason: string };

/**
 * Builds a generated SDK with its language's own tools, and packs it as its registry takes it.
 *
 * @returns what was packed, or which tool is not on the machine
 * @throws CommandError when a tool fails
 */
export async function packSdk(language: SdkLanguage, place: Place): Promise<Packed> {
  await copyFile(join(place.root, "LICENSE"), join(place.folder, "LICENSE"));
  const { tool, pack } = PACKERS[language];
  if (!isExecutableFile(tool) && findCommand(tool, process.env) === undefined) {
    return { isPacked: false, reason: `there is no ${tool} on PATH` };
  }
  const before = new Set(await readdir(place.packages));
  await pack(place);
  return { isPacked: true, files: (await readdir(place.packages)).filter((name) => !before.has(name)) };
}

interface Packer {
  /** The command without which it cannot be packed. */
  tool: string;
  pack: (place: Place) => Promise<void>;
}

/** The Python that set-up has given `build`, else the one on PATH. */
const PYTHON =
  process.env["NULLSPACE_PULUMI_PYTHON"] === undefined
    ? "python3"
    : join(process.env["NULLSPACE_PULUMI_PYTHON"], "bin", "python");

const PACKERS: Readonly<Record<SdkLanguage, Packer>> = {
  nodejs: { tool: "npm", pack: packNode },
  python: { tool: PYTHON, pack: packPython },
  go: { tool: "go", pack: buildGo },
  dotnet: { tool: "dotnet", pack: packDotnet },
  java: { tool: "mvn", pack: packJava },
};

async function packNode({ root, folder, packages }: Place): Promise<void> {
  // Packages that it depends on are found in the repository's node_modules, above it.
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder]);
  for (const name of ["package.json", "README.md", "LICENSE"]) {
    await copyFile(join(folder, name), join(folder, "bin", name));
  }
  await run("npm", ["pack", "--silent", "--pack-destination", packages], { cwd: join(folder, "bin") });
}

async function packPython({ folder, packages }: Place): Promise<void> {
  // pyproject.toml names it, and the generator leaves it in the package alone.
  await copyFile(join(folder, "pulumi_nullspace", "README.md"), join(folder, "README.md"));
  await run(PYTHON, ["-m", "build", "--no-isolation", "--outdir", packages, folder]);
}

/** A Go module is published by its source: it is left as it is, whole and compiled once. */
async function buildGo({ root, folder }: Place): Promise<void> {
  const env = { ...process.env, GOWORK: "off", GOFLAGS: "-mod=mod" };
  const options = { cwd: folder, env };
  const schema = JSON.parse(await readFile(join(root, "schema.json"), "utf8")) as {
    language: { go: { modulePath: string } };
  };
  await run("go", ["mod", "init", schema.language.go.modulePath], options);
  await run("go", ["mod", "edit", `-require=github.com/pulumi/pulumi/sdk/v3@${PULUMI_GO_SDK}`], options);
  await run("go", ["mod", "tidy"], options);
  await run("go", ["build", "./..."], options);
}

async function packDotnet({ folder, packages }: Place): Promise<void> {
  await run("dotnet", ["pack", "--configuration", "Release", "--output", packages], { cwd: folder });
}

async function packJava({ root, folder, packages }: Place): Promise<void> {
  const schema = await readFile(join(root, "schema.json"), "utf8");
  for (const [name, text] of mavenProject(schema)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await run("mvn", ["--quiet", "--batch-mode", "package"], { cwd: folder });
  const target = join(folder, "target");
  for (const name of await readdir(target)) {
    if (name.endsWith(".jar")) await copyFile(join(target, name), join(packages, name));
  }
}
