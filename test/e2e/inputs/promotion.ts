import { expect } from "vitest";
import type { Row } from "../sequences/support/rows.ts";

/** A tag that moves only from where it was reviewed. */
export const PROMOTION: Row[] = [
  {
    title: "expectedBuildId: a tag that somebody else has moved is not overwritten, the right build moves it",
    async play({ stack: make, world }) {
      const stack = await make();
      const [first, second, byHand] = (await Promise.all(
        ["1", "2", "3"].map((content) => world.build("web", content, [`v${content}`])),
      )) as [string, string, string];
      const program = (buildId: string, expectedBuildId: string) =>
        stack.program(`new nullspace.TemplateTag("stable", { template: own("web"), tag: "stable",
          buildId: "${buildId}", expectedBuildId: "${expectedBuildId}" });`);
      // A tag that is not there yet is nobody's to expect anything of.
      program(first, second);
      await stack.up();
      await world.client.builds.promote(byHand, { tag: "stable" });

      program(second, first);
      const refused = await stack.tryUp();
      expect(refused.exitCode, refused.text).not.toBe(0);
      expect(refused.text).toContain(`points at ${byHand}, and was expected at ${first}`);
      expect(refused.text).toContain(`set expectedBuildId to ${byHand}`);
      expect((await world.template("web")).tags.stable).toBe(byHand);

      program(second, byHand);
      await stack.up();
      expect((await world.template("web")).tags.stable).toBe(second);
      expect(stack.resource("stable").outputs).toMatchObject({ previousBuildId: byHand });
      await stack.destroy();
      expect((await world.template("web")).tags).not.toHaveProperty("stable");
      expect(await world.leftovers()).toEqual(["template web"]);
    },
  },
  {
    title:
      "a live build that was deleted at the service is built again, by a refresh or any update, and its tag follows",
    async play({ stack: make, world }) {
      const stack = await make();
      const deleteLive = async () => {
        const { buildId } = stack.resource("web").outputs;
        await world.client.templates.delete(`${world.ref("web")}:${String(buildId)}`);
        return buildId;
      };
      const expectOneBuild = async (lost: unknown) => {
        const { tags } = await world.template("web");
        expect(tags.default).not.toBe(lost);
        expect(tags.stable).toBe(tags.default);
        expect(stack.resource("web").outputs.buildId).toBe(tags.default);
        expect(stack.resource("stable").outputs.buildId).toBe(tags.default);
      };
      stack.program(`tag("stable", template("web"));`);
      await stack.up();
      const first = await deleteLive();
      await stack.up("--refresh");
      await expectOneBuild(first);

      const second = await deleteLive();
      stack.program(`tag("stable", template("web", { tags: ["default", "more"] }));`);
      const up = await stack.up();
      expect(up.text).toContain("was deleted at the service: it is built again");
      await expectOneBuild(second);
      await stack.destroy();
      expect(await world.leftovers()).toEqual([]);
    },
  },
];
