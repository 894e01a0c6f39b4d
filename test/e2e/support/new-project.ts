import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { PulumiProject, repo } from "./pulumi-project.ts";

/** A project that `pulumi new` has made of a template of ours, as it is before its packages are installed. */
export async function newProject(template: string, env: Record<string, string> = {}): Promise<PulumiProject> {
  const project = new PulumiProject({ program: "", env });
  const folder = join(repo, "templates", template);
  await project.ok("new", folder, "--yes", "--force", "--generate-only", "--name", "my-web", "--description", "Mine");
  return project;
}

/** Looks whether it has the name that it was given everywhere, and nothing of the template's own settings. */
export function expectWhole(project: PulumiProject, template: string): void {
  const read = (path: string) => readFileSync(join(project.dir, "program", path), "utf8");
  const source = join(repo, "templates", template);
  for (const entry of globSync("**/*", { cwd: source, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(source.length + 1);
    expect(read(path), path).not.toMatch(/\$\{(PROJECT|DESCRIPTION)\}/);
  }
  expect(read("Pulumi.yaml")).toMatch(/^name: my-web$/m);
  expect(read("Pulumi.yaml")).toMatch(/^description: Mine$/m);
  expect(read("Pulumi.yaml")).not.toMatch(/^template:/m);
  expect(read("app/www/index.html")).toBe("<h1>Hello from my-web</h1>\n");
}
