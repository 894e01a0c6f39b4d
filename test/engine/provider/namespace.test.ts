import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { controllers } from "../../../provider/controllers.ts";
import type { Properties } from "../../../provider/core/properties.ts";
import type { ProviderConfig } from "../../../provider/core/provider-config.ts";
import { runFunction } from "../../../provider/core/run-function.ts";
import { functionFor } from "../../../provider/functions.ts";
import { RunningService } from "../service/running-service.ts";
import { ProgramFolder } from "./program-folder.ts";

const REFUSAL =
  /the namespace elsewhere is not that of the API key at http.*Use a key of elsewhere, or take namespace out/;

describe("a namespace that is asked for", () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  /** What Check finds wrong, as a preview says it. */
  async function check(type: string, news: Properties, config: Partial<ProviderConfig> = {}) {
    using program = new ProgramFolder({ apiKey: service.apiKey, apiUrl: service.url, ...config });
    program.write({ Dockerfile: "FROM scratch\n" });
    return (await controllers[type]!.check({ news }, program.context())).failures;
  }
  const alias = { template: "web", alias: "site" };

  it("is the key's own, or each resource says in the preview that it is not, and what to do", async () => {
    expect(await check("Template", { name: "web", namespace: "elsewhere" })).toEqual([
      { property: "namespace", reason: expect.stringMatching(REFUSAL) },
    ]);
    expect(await check("Template", { name: "web", namespace: "local" })).toEqual([]);
    expect(await check("TemplateAlias", alias, { namespace: "elsewhere" })).toEqual([
      { property: "", reason: expect.stringMatching(REFUSAL) },
    ]);
    expect(await check("TemplateAlias", alias, { namespace: "local" })).toEqual([]);
  });

  it("fails no preview where nobody can say whose it is", async () => {
    for (const config of [{ apiUrl: "http://127.0.0.1:9", maxRetries: 0 }, { apiKey: "ns_live_of-nobody" }]) {
      expect(await check("TemplateAlias", alias, { ...config, namespace: "elsewhere" })).toEqual([]);
    }
  });

  it("is asked for of functions, too: with a key of another one nothing is read", async () => {
    const ask = (namespace: string) => {
      const config = { apiKey: service.apiKey, apiUrl: service.url, namespace };
      return runFunction(functionFor("getTemplates"), { namespace: "local" }, config);
    };
    await expect(ask("elsewhere")).rejects.toThrow(REFUSAL);
    expect(await ask("local")).toEqual({ templates: [] });
  });
});
