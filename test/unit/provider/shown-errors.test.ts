import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { providerText } from "../../../provider/dynamic/provider-text.ts";
import { shownError, withShownError } from "../../../provider/dynamic/shown-error.ts";
import { Redactor } from "../../../sdk/secrets/index.ts";
import { DynamicProviderProcess } from "./dynamic-provider-process.ts";
import { FailingService } from "./failing-service.ts";
import { errorOf, PluginProcess } from "./plugin-client.ts";

const ID = "local/site";
const inputs = { template: "web", alias: "site" };
const outputs = { ...inputs, aliasRef: ID, canonicalRef: "local/web" };
const STACK = /^\s+at /m;

describe("what a user sees of a failure", { timeout: 60_000 }, () => {
  let cwd: string;
  let service: FailingService;
  let plugin: PluginProcess;
  let dynamic: DynamicProviderProcess;
  const __provider = providerText("TemplateAlias");

  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), "nullspace-errors-"));
    symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(cwd, "node_modules"));
    service = await FailingService.start({ status: 503, body: { error: "closed for repairs", code: "unavailable" } });
    const env = { NULLSPACE_API_KEY: "k", NULLSPACE_API_URL: service.url };
    [plugin, dynamic] = await Promise.all([
      PluginProcess.start({ cwd, env }),
      DynamicProviderProcess.start({ cwd, env }),
    ]);
    await Promise.all([plugin.configure({}), dynamic.configure({})]);
  }, 60_000);
  afterAll(async () => {
    await plugin?.[Symbol.asyncDispose]();
    await dynamic?.[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
    rmSync(cwd, { recursive: true, force: true });
  });

  const calls = {
    create: [() => plugin.create("TemplateAlias", inputs), () => dynamic.create({ ...inputs, __provider }), []],
    read: [
      () => plugin.read("TemplateAlias", ID, { inputs, outputs }),
      () => dynamic.read(ID, { ...outputs, __provider }),
      [`TemplateAlias ${ID}: not read: see the error of the resource\n`],
    ],
    update: [
      () => plugin.update("TemplateAlias", { oldInputs: inputs, olds: outputs, news: { ...inputs, template: "api" } }),
      () => dynamic.update(ID, { ...outputs, __provider }, { ...inputs, template: "api", __provider }),
      [],
    ],
    delete: [
      () => plugin.delete("TemplateAlias", ID, outputs),
      () => dynamic.delete(ID, { ...outputs, __provider }),
      [`TemplateAlias ${ID}: not deleted: see the error of the resource\n`],
    ],
  } as const;

  it.each(Object.entries(calls))(
    "is one message when the service refuses to %s",
    async (_method, [native, own, lines]) => {
      dynamic.written.length = 0;
      const messages = [(await errorOf(native())).details, (await errorOf(own())).details];
      for (const message of messages) {
        expect(message).toContain("closed for repairs");
        expect(message).not.toMatch(STACK);
        expect(message.split("closed for repairs").length).toBe(2);
      }
      expect(dynamic.written).toEqual(lines);
      expect(plugin.written).toEqual([]);
    },
  );

  it("says of a fault of ours that it is one, and where its stack is", async () => {
    const said: string[] = [];
    const store = new Redactor();
    const fault = new TypeError("x is not a function");
    const error = await withShownError(
      { type: "Template", name: "web", done: "read" },
      { log: (severity, message) => said.push(`${severity}: ${message}`), secrets: store },
      () => Promise.reject(fault),
    ).catch((thrown: unknown) => thrown as Error);
    expect(error.message).toBe(
      "TypeError: x is not a function. This is a fault of pulumi-nullspace: please report it. " +
        "Set NULLSPACE_DEBUG=1 in the environment to see where.",
    );
    expect(`${error}: ${error.stack}`).toBe("Template web: not read: see the error of the resource");
    expect(said).toEqual([`debug: ${fault.stack}`]);
  });

  it("keeps the status that an error carries", () => {
    const error = Object.assign(new Error("failed"), { code: 2, metadata: {} });
    expect(shownError({ type: "Template", name: "", done: "read" }, error)).toMatchObject({
      code: 2,
      message: "failed",
    });
    expect(String(error)).toBe("Template");
  });
});
