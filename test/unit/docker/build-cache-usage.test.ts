import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";

/** An engine of a version, as far as this call asks it. */
async function engineOf(apiVersion: string, answer: object, server = "Docker/28.0 (linux)") {
  const asked: string[] = [];
  const http = createServer((request, response) => {
    asked.push(request.url ?? "");
    response
      .setHeader("api-version", apiVersion)
      .setHeader("server", server)
      .setHeader("content-type", "application/json");
    response.end(JSON.stringify(answer));
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const engine = new DockerEngine({ host: `tcp://127.0.0.1:${(http.address() as AddressInfo).port}` });
  return {
    engine,
    asked,
    async [Symbol.asyncDispose]() {
      await engine.close();
      http.closeAllConnections();
      http.close();
    },
  };
}

// In the form that moby describes: docs/api/v1.42.yaml and v1.53.yaml, GET /system/df.
const RECORDS = {
  BuildCache: [
    { ID: "a", Type: "internal", Size: 0, InUse: false, Shared: true },
    { ID: "b", Type: "regular", Size: 51, InUse: false, Shared: false },
    { ID: "c", Type: "regular", Size: 100, InUse: true, Shared: false },
    { ID: "d", Type: "regular", Size: 7_000, InUse: false, Shared: true },
  ],
};

it("adds up the records of an engine that lists them, but for what images have of them", async () => {
  await using world = await engineOf("1.51", RECORDS);
  expect(await world.engine.buildCacheUsage()).toEqual({ totalBytes: 151, reclaimableBytes: 51 });
  expect(world.asked.at(-1)).toBe("/v1.51/system/df?type=build-cache");
  await using empty = await engineOf("1.42", { BuildCache: null });
  expect(await empty.engine.buildCacheUsage()).toEqual({ totalBytes: 0, reclaimableBytes: 0 });
});

it("takes the sums of an engine that makes them", async () => {
  await using world = await engineOf("1.53", {
    BuildCacheUsage: { TotalCount: 4, TotalSize: 98_765, Reclaimable: 12_345 },
  });
  expect(await world.engine.buildCacheUsage()).toEqual({ totalBytes: 98_765, reclaimableBytes: 12_345 });
});

it("does not ask an engine that would measure all that it has, nor Podman", async () => {
  await using old = await engineOf("1.41", RECORDS);
  expect(await old.engine.buildCacheUsage()).toBeUndefined();
  await using podman = await engineOf("1.44", RECORDS, "Libpod/5.0.0 (linux)");
  expect(await podman.engine.buildCacheUsage()).toBeUndefined();
  for (const { asked } of [old, podman]) expect(asked.filter((path) => path.includes("/system/df"))).toEqual([]);
});
