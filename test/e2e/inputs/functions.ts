import { expect } from "vitest";
import type { Row } from "../sequences/support/rows.ts";

/** What the functions answer, and what they say when they cannot. */
export const FUNCTIONS: Row[] = [
  {
    title: "functions: of outputs of resources and of plain values they tell what is there, whoever made it",
    async play({ stack: make, world }) {
      const stack = await make();
      const byHand = await world.build("hand", "by hand", ["default", "f1"]);
      stack.program(`
        const web = template("web"); const asked = tag("asked", web, { tag: "asked" }); const site = alias("site", web);
        const crew = pool("crew", asked, { labels: { team: "a" }, metadata: { note: [1] } });
        const said = (answer) => answer.then(() => "an answer", ({ message }) => message);
        module.exports = {
          template: nullspace.getTemplateOutput({ template: asked.ref }),
          aliased: nullspace.getTemplateOutput({ template: site.aliasRef }),
          build: nullspace.getBuildOutput({ buildId: web.buildId }),
          pool: nullspace.getWarmPoolOutput({ poolId: crew.poolId }),
          named: nullspace.getWarmPoolOutput({ name: crew.name }),
          all: nullspace.getTemplatesOutput({ tag: asked.tag }).templates,
          plain: {
            template: nullspace.getTemplate({ template: own("hand") + ":f1" }),
            build: nullspace.getBuild({ buildId: "${byHand}" }),
            all: nullspace.getTemplates({ namespace: "local", tag: "f1" }),
            none: nullspace.getTemplates({ namespace: "elsewhere" }),
          },
          refused: {
            template: said(nullspace.getTemplate({ template: own("nothing") })),
            build: said(nullspace.getBuild({ buildId: "tb_00000000000000000000000000" })),
            pool: said(nullspace.getWarmPool({ name: own("nothing") })),
            noArgument: said(nullspace.getWarmPool({})),
            argument: said(nullspace.getTemplate({ templat: own("web") })),
          },
        };`);
      await stack.up();
      const { builds } = await world.template("web");
      const [buildId] = builds;
      const { templateId } = stack.resource("web").outputs;
      const { poolId } = stack.resource("crew").outputs;
      const pool = {
        poolId,
        name: world.own("crew"),
        state: "enabled",
        minReady: 1,
        maxReady: 2,
        ready: 1,
        claimed: 0,
      };
      const outputs = await stack.project.outputs();
      expect(outputs).toMatchObject({
        template: {
          canonicalRef: world.ref("web"),
          namespace: "local",
          name: world.own("web"),
          visibility: "private",
          builtin: false,
          templateId,
          buildId,
          // Not the notes of the provider.
          tags: { default: buildId, asked: buildId },
        },
        aliased: { canonicalRef: world.ref("web"), aliases: [world.ref("site")] },
        build: {
          canonicalRef: world.ref("web"),
          templateId,
          status: "ready",
          promotable: true,
          sourceType: "dockerfile",
        },
        pool: { ...pool, resolvedBuildId: buildId, labels: { team: "a" } },
        named: pool,
        plain: {
          template: { canonicalRef: world.ref("hand"), buildId: byHand, tags: { default: byHand, f1: byHand } },
          build: { canonicalRef: world.ref("hand"), status: "ready" },
          all: { templates: [{ canonicalRef: world.ref("hand"), tags: ["default", "f1"], builtin: false }] },
          none: { templates: [] },
        },
        refused: {
          template: expect.stringMatching(/getTemplate.*nothing/s),
          build: expect.stringMatching(/getBuild.*tb_0000/s),
          pool: expect.stringMatching(/there is no warm pool ".*nothing"/),
          noArgument: expect.stringMatching(/give poolId or name, one of them/),
          argument: expect.stringMatching(/did you mean "template"/),
        },
      });
      expect((outputs.template as { tags: object }).tags).toEqual({ default: buildId, asked: buildId });
      expect((outputs.pool as { metadata: object }).metadata).toEqual({ note: [1] });
      expect((outputs.all as { canonicalRef: string }[]).map(({ canonicalRef }) => canonicalRef)).toHaveLength(1);
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual(["template hand"]);
    },
  },
];
