import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkDocker, checkNode, checkPulumi } from "../../../bin/doctor/program-checks.ts";
import { checkService } from "../../../bin/doctor/service-checks.ts";
import { json, KEY, scriptedServer } from "../client/scripted-server.ts";

const never = new AbortController().signal;
const nowhere = { cwd: "/nonexistent", home: "/nonexistent" };

describe("the doctor", () => {
  it("asks for Node 22.14 or newer", () => {
    for (const version of ["22.14.0", "23.0.0", "24.0.0"]) expect(checkNode(version)).toMatchObject({ status: "ok" });
    expect(checkNode("22.13.1")).toMatchObject({ status: "fail", message: "Node 22.13.1 is older than 22.14" });
    expect(checkNode("20.19.1")).toMatchObject({ status: "fail", advice: expect.stringContaining("Node 22.14") });
  });

  it("says where to get Pulumi when it is not on PATH", async () => {
    expect(await checkPulumi({ PATH: "/nonexistent" }, never)).toMatchObject({
      status: "fail",
      message: "there is no pulumi on PATH",
      advice: expect.stringContaining("pulumi.com"),
    });
  });

  it("needs an engine for a local service only", async () => {
    const env = { DOCKER_HOST: "unix:///nonexistent.sock" };
    expect(await checkDocker(env, true, never)).toMatchObject({
      status: "fail",
      advice: expect.stringContaining("DOCKER_HOST"),
    });
    expect(await checkDocker(env, false, never)).toMatchObject({ status: "warn" });
  });

  it("checks the service without the key, and the key with the cheapest call", async () => {
    await using server = await scriptedServer({
      "GET /healthz": (_request, response) => json(response, 200, { status: "ok" }),
      "GET /v1/machines": (_request, response) => json(response, 200, []),
    });
    const env = { NULLSPACE_API_URL: server.url, NULLSPACE_API_KEY: KEY };
    const results = await checkService({ env, ...nowhere }, never);
    expect(results.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "url ok",
      "key ok",
      "service ok",
      "access ok",
    ]);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
    expect(server.seen[1]).toMatchObject({ url: "/v1/machines?limit=1", headers: { authorization: `Bearer ${KEY}` } });
    expect(JSON.stringify(results)).not.toContain(KEY);
    expect(results[1]?.message).toContain(createHash("sha256").update(KEY).digest("hex").slice(0, 12));
    expect(results[1]?.message).toContain("NULLSPACE_API_KEY");
  });

  it("tells a wrong key from a service that is down", async () => {
    await using server = await scriptedServer({
      "GET /healthz": (_request, response) => json(response, 200, { status: "ok" }),
      "GET /v1/machines": (_request, response) => json(response, 401, { error: "unknown key", code: "unauthorized" }),
    });
    const env = { NULLSPACE_API_URL: server.url, NULLSPACE_API_KEY: KEY };
    expect((await checkService({ env, ...nowhere }, never)).at(-1)).toMatchObject({
      name: "access",
      status: "fail",
      message: expect.stringContaining("unknown key"),
      advice: "Check the key from NULLSPACE_API_KEY.",
    });
    await server[Symbol.asyncDispose]();
    expect((await checkService({ env, ...nowhere }, never)).at(-1)).toMatchObject({
      name: "service",
      status: "fail",
      message: expect.stringContaining("nothing answers at"),
      advice: expect.stringContaining("nullspace-local serve"),
    });
  });

  it("reports a missing key and a URL that is none, each with what to set", async () => {
    const results = await checkService({ env: { NULLSPACE_API_URL: "ftp://x" }, ...nowhere }, never);
    expect(results).toMatchObject([
      { name: "url", status: "fail", advice: expect.stringContaining("NULLSPACE_API_URL") },
    ]);
    await using server = await scriptedServer((_request, response) => json(response, 200, { status: "ok" }));
    expect(await checkService({ env: { NULLSPACE_API_URL: server.url }, ...nowhere }, never)).toMatchObject([
      { name: "url", status: "ok" },
      { name: "key", status: "fail", advice: expect.stringContaining("NULLSPACE_API_KEY") },
      { name: "service", status: "ok" },
    ]);
  });
});
