import { expect, it } from "vitest";
import { expectWhole, newProject } from "./support/new-project.ts";
import { baseImage, startTestService } from "./support/service.ts";

// Those of other languages need the hosts of these: test/languages/templates.test.ts.
it("pulumi new makes a project of nullspace-typescript that comes up, has nothing to do, and goes away", async () => {
  await using service = await startTestService();
  using project = await newProject("nullspace-typescript", service.env);
  expectWhole(project, "nullspace-typescript");
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
