import { execFileSync } from "node:child_process";
import { delimiter, join } from "node:path";
import { beforeAll, it } from "vitest";
import { expectWhole, newProject } from "../e2e/support/new-project.ts";
import { playNewProject } from "../e2e/support/new-project-lifecycle.ts";
import type { PulumiProject } from "../e2e/support/pulumi-project.ts";
import { GO_MODULE, goEnvironment } from "./support/go-environment.ts";
import { madeSdks, SDKS } from "./support/made-sdks.ts";

beforeAll(madeSdks);

// `pulumi new` asks the host of the language, also where it is to install nothing.
it.each(["nullspace-go", "nullspace-python", "nullspace-yaml"])(
  "pulumi new makes a whole project of %s",
  async (template) => {
    using project = await newProject(template);
    expectWhole(project, template);
  },
);

it.each<[string, ((project: PulumiProject) => Promise<void>)?]>([
  ["nullspace-yaml"],
  ["nullspace-python", installPython],
  ["nullspace-go", installGo],
])("pulumi new makes a project of %s that comes up, has nothing to do, and goes away", playNewProject);

/**
 * As `pulumi install` does it, for which a language host that is older than the CLI does not know the project's environment. The
 * package is no registry's as yet: pip is told where it lies.
 */
async function installPython(project: PulumiProject): Promise<void> {
  const cwd = join(project.dir, "program");
  const bin = join(cwd, "venv", "bin");
  execFileSync(join(process.env["NULLSPACE_PULUMI_PYTHON"]!, "bin", "python"), ["-m", "venv", "venv"], { cwd });
  const links = [join(SDKS, "packages"), project.env["PIP_FIND_LINKS"]].join(" ").trimEnd();
  const env = { ...project.env, PIP_FIND_LINKS: links };
  execFileSync(join(bin, "python"), ["-m", "pip", "install", "--quiet", "-r", "requirements.txt"], { cwd, env });
  project.setEnv({ PATH: [bin, project.env["PATH"]].join(delimiter) });
}

/** By the command that `pulumi new` runs. The module is no host's as yet: Go is told where it lies. */
async function installGo(project: PulumiProject): Promise<void> {
  project.setEnv(goEnvironment());
  const cwd = join(project.dir, "program");
  execFileSync("go", ["mod", "edit", `-replace=${GO_MODULE}=${join(SDKS, "go")}`], { cwd, env: project.env });
  await project.ok("install");
}
