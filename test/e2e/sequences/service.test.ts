import { expect } from "vitest";
import { startTestService } from "../support/service.ts";
import { RestartableService } from "./support/restartable-service.ts";
import { playRows, type Row } from "./support/rows.ts";
import { summary } from "./support/stack.ts";
import { World } from "./support/world.ts";

const ALL = `const web = template("web"); tag("stable", web); alias("site", web);`;

const ANOTHER: Row[] = [
  {
    title:
      "on another service every preview says so, and refresh, update and destroy change nothing there or in the state",
    gate: true,
    async play({ stack: make, world, service, defer }) {
      const other = await startTestService();
      defer(() => other[Symbol.asyncDispose]());
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      const before = { templates: await world.templates(), state: stack.resources() };
      stack.useEnv(other.env);
      const preview = await stack.project.run("preview");
      expect(preview.text).toContain(service.env.NULLSPACE_API_URL);
      expect(preview.text).toContain(other.env.NULLSPACE_API_URL);
      await stack.project.run("refresh", "--yes", "--skip-preview");
      stack.project.write("app/hello.txt", "second\n");
      expect((await stack.tryUp()).exitCode).not.toBe(0);
      const destroy = await stack.project.run("destroy", "--yes", "--skip-preview");
      expect(destroy.exitCode, destroy.text).not.toBe(0);
      const ids = (of: typeof before.state) => of.map(({ urn, id }) => `${urn} ${id}`).toSorted();
      expect(ids(stack.resources())).toEqual(ids(before.state));
      expect(await other.client.templates.exists(world.ref("web"))).toBe(false);
      // Back again, as if nothing had been.
      stack.project.write("app/hello.txt", "first\n");
      stack.useEnv(service.env);
      const back = await stack.up();
      expect(summary(back)).not.toHaveProperty("created");
      expect(summary(back)).not.toHaveProperty("replaced");
      expect(await world.templates()).toEqual(before.templates);
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
  {
    title: "another service that has a template of the same name loses nothing to a destroy",
    async play({ stack: make, world, shell, defer }) {
      const other = await startTestService();
      defer(() => other[Symbol.asyncDispose]());
      const there = new World(other.client, world.own("").slice(0, -1));
      const made = await there.build("web", "of somebody else", ["default", "stable"]);
      const stack = await make();
      stack.program(`const web = template("web"); tag("stable", web);`);
      await stack.up();
      stack.useEnv(other.env);
      const destroy = await stack.project.run("destroy", "--yes", "--skip-preview");
      expect(destroy.exitCode, `${shell}\n${destroy.text}`).not.toBe(0);
      expect((await there.template("web")).tags).toEqual({ default: made, stable: made });
      expect(stack.resources().length).toBeGreaterThanOrEqual(2);
    },
  },
];

const SPELLINGS: Row[] = [
  {
    title: "another spelling of the service's address is no difference and no warning",
    async play({ stack: make, world, service }) {
      const stack = await make();
      stack.program(ALL);
      await stack.up();
      // The order in which they were created may change; nothing else.
      const recorded = () => Object.fromEntries(stack.resources().map(({ id, outputs }) => [id, outputs] as const));
      const before = recorded();
      const url = service.env.NULLSPACE_API_URL;
      for (const spelling of [`${url}/`, url.replace("127.0.0.1", "localhost"), url.replace("http:", "HTTP:")]) {
        stack.useEnv({ NULLSPACE_API_URL: spelling });
        const up = await stack.up();
        expect(summary(up), spelling).toEqual({ unchanged: 3 });
        expect(up.text.replaceAll(/warning: using .*/g, ""), spelling).not.toMatch(
          /another service|different service/i,
        );
        await stack.refresh();
      }
      expect(recorded()).toEqual(before);
      await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

const RESTARTED: Row[] = [
  {
    title: "a service that crashes and comes back in the middle of an up ends with one whole template",
    async play({ stack: make, world, defer }) {
      const service = await RestartableService.start();
      defer(() => service[Symbol.asyncDispose]());
      const there = new World(service.client, world.own("").slice(0, -1));
      const stack = await make({ env: service.env });
      stack.program(ALL);
      stack.project.write(
        "app/Dockerfile",
        "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\nRUN echo restart && sleep 5\n",
      );
      const run = stack.start();
      await expect
        .poll(() => service.client.builds.list(there.ref("web")).catch(() => ({ builds: [] })), { timeout: 30_000 })
        .toMatchObject({ builds: [{ status: expect.stringMatching(/./) }] });
      await service.restart();
      const { exitCode } = await run.ended;
      if (exitCode !== 0) await stack.up();
      const { buildId } = stack.resource("web").outputs;
      const templates = await there.templates();
      expect(Object.keys(templates)).toEqual(["web"]);
      expect(templates.web).toMatchObject({ tags: { default: buildId, stable: buildId }, aliases: ["site"] });
      expect(templates.web!.builds.length).toBeLessThanOrEqual(2);
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      await stack.destroy();
      expect(await there.leftovers(["web", "site"])).toEqual([]);
    },
  },
];

playRows("the right service", [...ANOTHER, ...SPELLINGS, ...RESTARTED]);
