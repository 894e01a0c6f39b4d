import { expect } from "vitest";
import { FaultProxy, type Fault } from "../../engine/provider/fault-proxy.ts";
import { playRows, type Row } from "./support/rows.ts";
import { summary } from "./support/stack.ts";

const FAULTS = ["bad-gateway", "gateway-timeout", "lose-answer", "lose-request"] as const satisfies Fault[];

const NAMES = `const web = template("web"); tag("stable", web); alias("site", web);`;
const POOL = `const web = template("web"); pool("crew", tag("stable", web));`;

/** What changes something at the service. */
const CALLS = [
  { what: "the claim of a name", method: "POST", path: /\/claims$/, body: NAMES },
  { what: "the preflight of an upload", method: "POST", path: /\/blobs\/preflight$/, body: NAMES },
  { what: "an uploaded file", method: "PUT", path: /\/blobs\//, body: NAMES },
  { what: "the start of a build", method: "POST", path: /\/templates\/builds$/, body: NAMES },
  { what: "a promotion", method: "POST", path: /\/promote$/, body: NAMES },
  { what: "a rename", method: "POST", path: /\/rename$/, body: NAMES },
  { what: "the making of a pool", method: "POST", path: /\/template-warm-pools$/, body: POOL },
  { what: "the removal of a tag", method: "DELETE", path: /\/tags\//, body: NAMES },
  { what: "the removal of an alias", method: "DELETE", path: /\/aliases\//, body: NAMES },
  { what: "the removal of a template", method: "DELETE", path: /\/refs\/[^/]+$/, body: NAMES },
  { what: "the removal of a pool", method: "DELETE", path: /\/template-warm-pools\/[^/]+$/, body: POOL },
] as const;

/** Played by the gate: what has doubled something before. */
const IN_GATE = new Set(["the start of a build, bad-gateway"]);

const ROWS = CALLS.flatMap(({ what, method, path, body }) =>
  FAULTS.map((fault): Row => ({
    title: `${what} that meets ${fault} doubles nothing and leaves nothing`,
    gate: IN_GATE.has(`${what}, ${fault}`),
    async play({ stack: make, world, service, defer }) {
      const proxy = await FaultProxy.start(service.env.NULLSPACE_API_URL);
      defer(() => proxy[Symbol.asyncDispose]());
      const stack = await make({ env: { NULLSPACE_API_URL: proxy.url } });
      stack.program(body);
      let met = 0;
      proxy.rule = (seenMethod, seenPath) => {
        const [withoutQuery = ""] = seenPath.split("?");
        if (met > 0 || seenMethod !== method || !path.test(withoutQuery)) return undefined;
        met += 1;
        return fault;
      };
      // An uploaded file is known to the service from another row: a content of its own is sent again.
      stack.project.write("app/hello.txt", `${world.own(what)}\n`);
      const up = await stack.tryUp();
      if (up.exitCode !== 0) await stack.up();
      const { buildId } = stack.resource("web").outputs;
      const templates = await world.templates();
      expect(Object.keys(templates)).toEqual(["web"]);
      expect(templates.web).toMatchObject({
        tags: { default: buildId, stable: buildId },
        aliases: body === NAMES ? ["site"] : [],
        builds: [buildId],
      });
      const pools = await world.pools();
      expect(Object.keys(pools)).toEqual(body === POOL ? ["crew"] : []);
      expect(summary(await stack.up())).toEqual({ unchanged: 3 });
      const destroy = await stack.project.run("destroy", "--yes", "--skip-preview");
      if (destroy.exitCode !== 0) await stack.destroy();
      expect(await world.leftovers(["web", "site"])).toEqual([]);
      expect(stack.resources()).toEqual([]);
      expect(met).toBe(1);
    },
  })),
);

playRows("answers that get lost", ROWS);
