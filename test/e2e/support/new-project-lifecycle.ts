import { expect } from "vitest";
import { expectWhole, newProject } from "./new-project.ts";
import type { PulumiProject } from "./pulumi-project.ts";
import { baseImage, startTestService } from "./service.ts";

/**
 * Makes a project of a template, brings it up, sees that it then has nothing to do, and takes it away again.
 *
 * @param install gives it the packages that it asks for, where the repository's are not those
 */
export async function playNewProject(
  template: string,
  install?: (project: PulumiProject) => Promise<void>,
): Promise<void> {
  await using service = await startTestService();
  using project = await newProject(template, service.env);
  expectWhole(project, template);
  await install?.(project);
  await project.ok("stack", "init", "dev");
  await project.ok("config", "set", "baseImage", baseImage());
  expect((await project.ok("preview")).text).toMatch(/\+ 4 to create/);
  expect((await project.ok("up", "--yes", "--skip-preview")).text).toMatch(/\+ 4 created/);
  expect(await project.outputs()).toMatchObject({
    template: "local/my-web:stable",
    poolId: expect.stringMatching(/^twp_/),
  });
  expect((await project.ok("preview")).text).toMatch(/4 unchanged/);
  expect((await project.ok("destroy", "--yes", "--skip-preview")).text).toMatch(/- 4 deleted/);
  expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
}
