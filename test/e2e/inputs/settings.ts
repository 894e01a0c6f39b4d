import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "vitest";
import { runToEnd } from "../../../scripts/quickstart/command.ts";
import type { Row, Stage } from "../sequences/support/rows.ts";
import { moduleOf } from "../sequences/support/shells.ts";
import { World } from "../sequences/support/world.ts";
import { runEngineOk } from "../support/engine-events.ts";
import { SecretScanner } from "../support/secret-scanner.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { refusedPreview } from "./refusals.ts";

/** A second service, for the time of a row, and what is there of the row's. */
async function secondService({ world, defer }: Stage): Promise<{ service: TestService; there: World }> {
  const service = await startTestService();
  defer(() => service[Symbol.asyncDispose]());
  return { service, there: new World(service.client, world.own("").slice(0, -1)) };
}

/**
 * Two stacks of one inline program, side by side in one process, each with settings of its own. Prints what the functions of
 * each answer.
 */
const inline = (module: string, template: string) => `"use strict";
const pulumi = require("@pulumi/pulumi");
const { LocalWorkspace } = require("@pulumi/pulumi/automation");
const nullspace = require(${JSON.stringify(module)});
const answers = {};
const program = async () => {
  const stack = pulumi.getStack();
  const { buildId, tags } = await nullspace.getTemplate({ template: "${template}" });
  const { status } = await nullspace.getBuild({ buildId });
  answers[stack] = { buildId, tags, status };
};
const run = async ([stackName, settings]) => {
  const stack = await LocalWorkspace.createOrSelectStack({ stackName, projectName: "e2e", program }, { workDir: __dirname });
  await stack.setAllConfig(settings);
  await stack.preview();
};
Promise.all(Object.entries(JSON.parse(process.argv[2])).map(run)).then(
  () => console.log(JSON.stringify(answers)),
  (error) => { console.error(error.message); process.exitCode = 1; },
);
`;

/** A service that is busy for good, and counts what it is asked. Paths with `slow` get no answer at all. */
async function busyService(): Promise<AsyncDisposable & { url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, answer) => {
    asked.push(url);
    if (url.includes("slow")) return;
    answer.writeHead(503, { "content-type": "application/json" });
    answer.end('{"error":"closed for repairs","code":"unavailable"}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Which service is asked, and how. */
export const SERVICES: Row[] = [
  {
    title:
      "an explicit provider has settings of its own, for resources and functions; a wrong one is said in the preview",
    shells: ["plugin"],
    async play(stage) {
      const { stack: make, world, service } = stage;
      const { service: second, there } = await secondService(stage);
      const stack = await make();
      const { NULLSPACE_API_URL: apiUrl, NULLSPACE_API_KEY: apiKey } = second.env;
      const settings = { apiUrl, apiKey, namespace: "local", maxRetries: 1, requestTimeoutSeconds: 20 };
      const program = (changed: object = {}) =>
        stack.program(`
          const provider = new nullspace.Provider("second", ${JSON.stringify({ ...settings, ...changed })});
          template("web"); const there = template("there", {}, { provider });
          module.exports = { asked: nullspace.getTemplateOutput({ template: there.canonicalRef }, { provider }).buildId };`);
      program();
      await stack.up();
      expect(Object.keys(await world.templates())).toEqual(["web"]);
      expect(Object.keys(await there.templates())).toEqual(["there"]);
      const { buildId } = stack.resource("there").outputs;
      expect(await stack.project.outputs()).toEqual({ asked: buildId });
      program({ apiUrl: undefined, apiUri: apiUrl, maxRetries: -1 });
      const wrong = await refusedPreview(stack);
      expect(wrong).toMatch(/the provider has no setting "apiUri": did you mean "apiUrl"\?/);
      expect(wrong).toMatch(/maxRetries/);
      program({ namespace: "elsewhere" });
      expect(await refusedPreview(stack)).toMatch(/the namespace elsewhere is not that of the API key/);

      const scanner = new SecretScanner({ first: service.env.NULLSPACE_API_KEY, second: apiKey });
      stack.scan(scanner);
      expect(scanner.leaks).toEqual([]);
      await stack.destroy();
      expect([await world.leftovers(["web"]), await there.leftovers(["there"])]).toEqual([[], []]);
    },
  },
  {
    title: "two stacks in one process: the functions of each ask the service of its own settings",
    async play(stage) {
      const { stack: make, shell, world, service } = stage;
      const { service: second, there } = await secondService(stage);
      const builds = { one: await world.build("web", "1", ["here"]), two: await there.build("web", "2", ["there"]) };
      const stack = await make();
      const settingsOf = ({ env }: TestService) => ({
        "nullspace:apiUrl": { value: env.NULLSPACE_API_URL },
        "nullspace:apiKey": { value: env.NULLSPACE_API_KEY, secret: true },
      });
      const { project } = stack;
      project.write("inline.js", inline(moduleOf(shell), world.own("web")));
      const { exitCode, stdout, stderr } = await runToEnd(
        process.execPath,
        ["inline.js", JSON.stringify({ one: settingsOf(service), two: settingsOf(second) })],
        // No setting of the environment: each stack's own count.
        { cwd: `${project.dir}/program`, env: { ...project.env, NULLSPACE_API_URL: "", NULLSPACE_API_KEY: "" } },
      );
      expect(exitCode, stderr).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        one: { buildId: builds.one, tags: { here: builds.one }, status: "ready" },
        two: { buildId: builds.two, tags: { there: builds.two }, status: "ready" },
      });
      await there.clear();
    },
  },
  {
    title:
      "maxRetries and requestTimeoutSeconds: how often a busy service is asked, and how long a silent one waited for",
    async play({ stack: make, defer }) {
      const busy = await busyService();
      defer(() => busy[Symbol.asyncDispose]());
      const stack = await make({ env: { NULLSPACE_API_URL: busy.url } });
      for (const key of ["maxRetries", "requestTimeoutSeconds"]) {
        await stack.project.ok("config", "set", `nullspace:${key}`, "1");
      }
      stack.program(`for (const buildId of ["tb_busy", "tb_slow"]) {
        nullspace.getBuild({ buildId }).catch(({ message }) => pulumi.log.warn("of " + buildId + ": " + message));
      }`);
      const { said } = await runEngineOk(stack.project, "preview");
      expect(said).toMatch(/of tb_busy: .*closed for repairs/);
      expect(said).toMatch(/of tb_slow: .*silent for 1000 ms.*nullspace:requestTimeoutSeconds/);
      for (const id of ["tb_busy", "tb_slow"]) {
        expect(busy.asked.filter((url) => url.includes(id))).toHaveLength(2);
      }
    },
  },
];
