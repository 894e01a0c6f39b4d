import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { providerText } from "../../../provider/dynamic/provider-text.ts";
import { DynamicProviderProcess } from "../../unit/provider/dynamic-provider-process.ts";
import { detailsOf, errorOf, PluginProcess, urn } from "../../unit/provider/plugin-client.ts";
import { BASE_IMAGE, RunningService } from "../service/running-service.ts";
import { ProgramFolder } from "./program-folder.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";

describe("a build that fails, as the engine hears of it", () => {
  let service: RunningService;
  let program: ProgramFolder;
  let env: Record<string, string>;

  beforeAll(async () => {
    service = await RunningService.start();
    env = { NULLSPACE_API_KEY: service.apiKey, NULLSPACE_API_URL: service.url };
    program = new ProgramFolder({ apiKey: service.apiKey, apiUrl: service.url });
    symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(program.dir, "node_modules"));
    mkdirSync(join(program.dir, "app"));
    program.write({ "app/Dockerfile": `FROM ${BASE_IMAGE}\nRUN echo before-the-end && false\n` });
  });
  afterAll(async () => {
    program?.[Symbol.dispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const args = (name: string) => ({ name, context: "./app", buildSecrets: { token: "hunter2-is-secret" } });

  function initFailure(error: Awaited<ReturnType<typeof errorOf>>) {
    const [detail] = detailsOf(error);
    expect(detail?.typeName).toBe("pulumirpc.ErrorResourceInitFailed");
    const failure = providerProto.ErrorResourceInitFailed.deserializeBinary(detail!.bytes);
    return {
      id: failure.getId(),
      reasons: failure.getReasonsList(),
      properties: failure.getProperties()?.toJavaScript() as Record<string, unknown>,
      inputs: failure.getInputs()?.toJavaScript() as Record<string, unknown> | undefined,
    };
  }

  it("keeps the resource in the plugin, with its reasons, its inputs and its secrets hidden", async () => {
    await using plugin = await PluginProcess.start({ cwd: program.dir, env });
    await plugin.configure({});
    const { inputs } = await plugin.check("Template", args("plugin-web"));
    const failure = initFailure(await errorOf(plugin.create("Template", inputs)));
    expect(failure.id).toBe("local/plugin-web");
    expect(failure.reasons.join("\n")).toContain("before-the-end");
    expect(failure.inputs).toEqual(inputs);
    expect(failure.properties).toMatchObject({
      canonicalRef: "local/plugin-web",
      status: "error",
      contextFiles: inputs.contextFiles,
      attempt: { [SIGNATURE]: expect.any(String) },
      buildSecrets: { [SIGNATURE]: expect.any(String) },
    });
    // The build was shown as it ran, beside its resource, and none of it stays on the screen.
    expect(plugin.log).toContainEqual(
      expect.objectContaining({
        urn: urn("Template"),
        ephemeral: true,
        message: expect.stringContaining("before-the-end"),
      }),
    );
  });

  it("keeps the resource in the dynamic shell, with the text that the next update needs", async () => {
    await using provider = await DynamicProviderProcess.start({ cwd: program.dir, env });
    await provider.configure({});
    const __provider = providerText("Template");
    const { inputs } = await provider.check({ ...args("dynamic-web"), __provider });
    const failure = initFailure(await errorOf(provider.create(inputs)));
    expect(failure.id).toBe("local/dynamic-web");
    expect(failure.reasons.join("\n")).toContain("before-the-end");
    expect(failure.properties).toMatchObject({ __provider, canonicalRef: "local/dynamic-web", status: "error" });
    expect(provider.written.join("\n")).toContain("Template dynamic-web: ");
    expect(provider.written.join("\n")).not.toContain("hunter2-is-secret");
  });
});
