import { it } from "vitest";
import { expectWhole, newProject } from "../e2e/support/new-project.ts";
import { playNewProject } from "../e2e/support/new-project-lifecycle.ts";

// `pulumi new` asks the host of the language, also where it is to install nothing.
it.each(["nullspace-go", "nullspace-python", "nullspace-yaml"])(
  "pulumi new makes a whole project of %s",
  async (template) => {
    using project = await newProject(template);
    expectWhole(project, template);
  },
);

it("pulumi new makes a project of nullspace-yaml that comes up, has nothing to do, and goes away", () =>
  playNewProject("nullspace-yaml"));
