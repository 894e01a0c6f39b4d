import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { providerText } from "../../../provider/dynamic/provider-text.ts";
import { DynamicProviderProcess } from "./dynamic-provider-process.ts";
import { FailingService } from "./failing-service.ts";
import { errorOf, PluginProcess } from "./plugin-client.ts";

/** As many operations as Pulumi's --parallel easily starts at once; Node warns of the eleventh listener. */
const OPERATIONS = 50;
const tags = Array.from({ length: OPERATIONS }, (_, index) => ({ template: "web", tag: `t${index}`, buildId: "tb_1" }));

describe("fifty operations at once", { timeout: 60_000 }, () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), "nullspace-parallel-"));
    symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(cwd, "node_modules"));
  });
  afterAll(() => rmSync(cwd, { recursive: true, force: true }));

  it("end together in the plugin when the user stops the update, and Node warns of nothing", async () => {
    await using service = await FailingService.start();
    await using plugin = await PluginProcess.start({
      cwd,
      env: { NULLSPACE_API_KEY: "k", NULLSPACE_API_URL: service.url },
    });
    await plugin.configure({});
    const ended = Promise.all(tags.map((inputs) => errorOf(plugin.create("TemplateTag", inputs))));
    // The client opens no more connections than it is allowed to: the others wait in line, which counts as well.
    await service.received(1);
    await plugin.cancel();
    for (const { details } of await ended) expect(details).toContain("stopped by the user");
    expect(plugin.written).toEqual([]);
  });

  it("end together in the dynamic provider's process on a signal, and Node warns of nothing", async () => {
    await using service = await FailingService.start();
    await using provider = await DynamicProviderProcess.start({
      cwd,
      env: { NULLSPACE_API_KEY: "k", NULLSPACE_API_URL: service.url },
    });
    await provider.configure({});
    const __provider = providerText("TemplateTag");
    const ended = Promise.all(tags.map((inputs) => errorOf(provider.create({ ...inputs, __provider }))));
    await service.received(1);
    provider.kill("SIGINT");
    for (const { details } of await ended) expect(details).toContain("stopped by the user");
    expect(provider.written).toEqual([]);
  });
});
