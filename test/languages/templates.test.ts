import { expect, it } from "vitest";
import { expectWhole, newProject } from "../e2e/support/new-project.ts";
import { baseImage, startTestService } from "../e2e/support/service.ts";

// `pulumi new` asks the host of the language, also where it is to install nothing.
it.each(["nullspace-go", "nullspace-python", "nullspace-yaml"])(
  "pulumi new makes a whole project of %s",
  async (template) => {
    using project = await newProject(template);
    expectWhole(project, template);
  },
);

it("pulumi new makes a project of nullspace-yaml that comes up, has nothing to do, and goes away", async () => {
  await using service = await startTestService();
  using project = await newProject("nullspace-yaml", service.env);
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
});
