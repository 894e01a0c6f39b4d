import { it } from "vitest";
import { playNewProject } from "./support/new-project-lifecycle.ts";

// Those of other languages need the hosts of these: test/languages/templates.test.ts.
it("pulumi new makes a project of nullspace-typescript that comes up, has nothing to do, and goes away", () =>
  playNewProject("nullspace-typescript"));
