import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { expect, it } from "vitest";
import { PluginProcess } from "../provider/plugin-client.ts";
import { TraceCollector } from "../../trace-collector.ts";

const ENGINE = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"] as const;
const ENVIRONMENT = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"] as const;
const header = ([trace, span]: readonly [string, string]) => `00-${trace}-${span}-01`;

it("a call of the plugin is below the engine's span where one is sent, else below that of the environment", async () => {
  await using collector = await TraceCollector.start();
  const cwd = mkdtempSync(join(tmpdir(), "nullspace-traced-"));
  try {
    const env = { ...collector.env, TRACEPARENT: header(ENVIRONMENT), NULLSPACE_API_KEY: "k" };
    await using plugin = await PluginProcess.start({ cwd, env });
    for (const sent of [header(ENGINE), undefined]) {
      const request = new providerProto.CheckRequest();
      request.setUrn("urn:pulumi:dev::test::nullspace:index:TemplateTag::stable");
      request.setNews(structProto.Struct.fromJavaScript({ template: "local/web", tag: "stable", buildId: "tb_1" }));
      const metadata = new grpc.Metadata();
      if (sent !== undefined) metadata.set("traceparent", sent);
      await plugin.call<unknown>((done) => plugin.client.check(request, metadata, done));
    }
    // It sends what it has before it ends.
    plugin.process.kill("SIGTERM");
    await once(plugin.process, "exit");
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
  const told = collector.spans.map(({ name, traceId, parentSpanId }) => [name, traceId, parentSpanId]);
  expect(told).toEqual([ENGINE, ENVIRONMENT].map((parent) => ["nullspace.TemplateTag check", ...parent]));
  expect(collector.spans[0]?.attributes["nullspace.resource.name"]).toBe("stable");
});
