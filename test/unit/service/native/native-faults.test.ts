import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Authorities, PemFile } from "../../../../service/drivers/kubernetes/client/pem-text.ts";
import { makeCertificates } from "../../../engine/docker/certificates.ts";
import { NativeServer, type Fault } from "./native-server.ts";
import { NativeWorld, SOON } from "./native-world.ts";

const isWrite = ({ method }: { method: string }) => method === "PATCH" || method === "DELETE";

describe("pools for other programs, at an API server with faults", { timeout: 120_000 }, () => {
  let server: NativeServer;
  let world: NativeWorld;

  beforeEach(async () => {
    server = await NativeServer.open();
    world = new NativeWorld(server);
    world.start();
    world.seed("web");
  });
  afterEach(async () => {
    server.thaw();
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** Refuses each request of a kind so many times. */
  const refuse = (times: number, fault: Fault, concerns: (request: { method: string; url: URL }) => boolean) => {
    let left = times;
    server.fault = (request) => (concerns(request) && (left -= 1) >= 0 ? fault : undefined);
  };

  it("are made once the server is no longer too busy, and once each", async () => {
    const busy = { status: 429, reason: "TooManyRequests", message: "too many requests", retryAfter: 0 };
    refuse(7, busy, isWrite);
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    await world.untilWell(poolId);
    expect(server.list("sandboxtemplates")).toHaveLength(1);
  });

  it("say that the server is too busy when it wants to be asked later than anybody waits", async () => {
    await world.stop();
    world.start({ callLimitMs: 300 });
    refuse(1_000, { status: 429, reason: "TooManyRequests", message: "come back later", retryAfter: 60 }, isWrite);
    const poolId = await world.makePool(2);
    await world.untilSaid(poolId, /429 TooManyRequests: come back later/);
    expect(world.failures[0]).toEqual(["web", "unavailable"]);
    server.fault = () => undefined;
    await world.untilCounts([1, 2, 2]);
    await world.untilWell(poolId);
  });

  it.each([500, 502, 504])("carry on after answers of %d", async (status) => {
    refuse(3, { status, page: "<html>Bad gateway</html>" }, isWrite);
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    await world.untilWell(poolId);
  });

  it("take a conflict for no fault, and write again", async () => {
    refuse(4, { status: 409, reason: "Conflict", message: "the object has been modified" }, isWrite);
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    expect(world.failures).toEqual([]);
    refuse(2, { status: 409, reason: "Conflict", message: "the object has been modified" }, isWrite);
    await world.setReplicas(poolId, 3);
    await world.untilCounts([1, 3, 3]);
    expect(world.failures).toEqual([]);
  });

  it.each([
    ["patch sandboxtemplates", "patch sandboxtemplates.extensions.agents.x-k8s.io"],
    ["patch sandboxwarmpools", "patch sandboxwarmpools.extensions.agents.x-k8s.io"],
    ["get sandboxtemplates", "get sandboxtemplates.extensions.agents.x-k8s.io"],
  ])("say which permission is missing (%s), and carry on when it is there", async (permission, words) => {
    server.forbidden.add(permission);
    const poolId = await world.makePool(2);
    await world.untilSaid(poolId, new RegExp(`may not ${words} in the namespace "machines"\\. Give it`));
    expect(world.failures[0]).toEqual(["web", "forbidden"]);
    server.forbidden.clear();
    await world.untilCounts([1, 2, 2]);
    await world.untilWell(poolId);
  });

  it.each(["list", "watch"])("say so when the account may not %s them any more, and carry on", async (verb) => {
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    server.forbidden.add(`${verb} sandboxwarmpools`);
    server.breakWatches({ type: "ERROR", object: { code: 410, reason: "Expired", message: "too old" } });
    await world.untilSaid(poolId, new RegExp(`may not ${verb} sandboxwarmpools`));
    server.forbidden.clear();
    await world.untilWell(poolId);
    await world.setReplicas(poolId, 3);
    await world.untilCounts([1, 3, 3]);
  });

  it("do not take a refusal of the cluster's admission for a lack of permissions", async () => {
    const message = 'admission webhook "policy.test" denied the request: no image of registry.test';
    refuse(1_000, { status: 403, reason: "Forbidden", message }, isWrite);
    const poolId = await world.makePool(2);
    await world.untilSaid(poolId, /policy\.test/);
    expect(world.failures[0]).toEqual(["web", "no_eligible_hosts"]);
    expect(world.fleet.pools.get(poolId).degraded_message).not.toMatch(/permission/);
  });

  it("say what to install where agent-sandbox is gone, and are made again when it is back", async () => {
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    server.uninstall();
    await world.untilSaid(poolId, /has no extensions\.agents\.x-k8s\.io\. Install agent-sandbox/);
    expect(world.fleet.pools.get(poolId).degraded_reason).toBe("controller_disabled");
    server.isInstalled = true;
    await world.untilCounts([1, 2, 2]);
    await world.untilWell(poolId);
  });

  it("say so, too, when the server was away before agent-sandbox was gone", async () => {
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    server.fault = () => ({ status: 503, page: "starting" });
    server.breakWatches();
    await world.untilSaid(poolId, /503/);
    server.uninstall();
    server.fault = () => undefined;
    await world.untilSaid(poolId, /Install agent-sandbox/);
    server.isInstalled = true;
    await world.untilCounts([1, 2, 2]);
  });

  it("are not given up for a page of whatever stands before the server", async () => {
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    server.claim("mine", server.current()[0]!);
    await world.fleet.pools.disable(poolId);
    await expect.poll(() => server.current(), SOON).toEqual([]);
    const writes = server.writes.length;
    server.fault = () => ({ status: 404, page: "404 page not found\n" });
    server.breakWatches();
    await expect.poll(() => world.fleet.nativeStatuses()?.isKnown, SOON).toBe(false);
    await world.fleet.pools.delete(poolId);
    server.fault = () => undefined;
    await world.untilCounts([1, 0, 0]);
    // Who has a claim on it still asks for it.
    server.remove("sandboxclaims", "mine");
    const left = () => ["sandboxwarmpools", "sandboxtemplates"].flatMap((kind) => server.list(kind));
    await expect.poll(left, SOON).toEqual([]);
    expect(server.writes.slice(writes).filter((each) => each.startsWith("DELETE"))).toHaveLength(2);
  });

  it("say so when the server calls it a conflict again and again", async () => {
    refuse(1_000, { status: 409, reason: "Conflict", message: "it is changed by somebody all the time" }, isWrite);
    const poolId = await world.makePool(2);
    await world.untilSaid(poolId, /it is changed by somebody all the time/);
    server.fault = () => undefined;
    await world.untilCounts([1, 2, 2]);
    await world.untilWell(poolId);
  });

  it("miss nothing when a watch ends because the server has forgotten what happened since", async () => {
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    const [name = ""] = server.current();
    const { fault } = server;
    // Changed by hand while nobody listens.
    server.fault = ({ url }) =>
      url.searchParams.has("watch") ? { status: 410, reason: "Expired", message: "gone" } : undefined;
    server.breakWatches({ type: "ERROR", object: { code: 410, reason: "Expired", message: "too old" } });
    server.edit("sandboxwarmpools", name, ({ spec }) => (spec.replicas = 9));
    await world.untilCounts([1, 2, 2]);
    server.fault = fault;
    await world.setReplicas(poolId, 3);
    await world.untilCounts([1, 3, 3]);
  });

  it("stay as they are while the server is frozen for longer than a call may take, and carry on when it is back", async () => {
    await world.stop();
    world.start({ callLimitMs: 300 });
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    server.freeze();
    await world.setReplicas(poolId, 4);
    await world.untilSaid(poolId, /takes longer than 300 ms/);
    server.thaw();
    await world.untilCounts([1, 4, 4]);
    await world.untilWell(poolId);
    expect([server.list("sandboxwarmpools").length, server.list("sandboxtemplates").length]).toEqual([1, 1]);
  });

  it("go on when the server's certificate is renewed under another authority, whose file is renewed, too", async () => {
    await world.stop();
    const { standIn } = server;
    const folder = mkdtempSync(join(tmpdir(), "nullspace-renewed-"));
    try {
      const file = join(folder, "authority.pem");
      writeFileSync(file, standIn.pem("ca"));
      world.start({ access: { ...standIn.access(), ca: new Authorities(new PemFile(file)) } });
      const poolId = await world.makePool(2);
      await world.untilCounts([1, 2, 2]);
      await makeCertificates(folder);
      const made = (name: string) => readFileSync(join(folder, `${name}.pem`), "utf8");
      standIn.renew({ cert: made("server"), key: made("server-key"), ca: made("ca") });
      standIn.breakAll();
      await world.setReplicas(poolId, 3);
      await world.untilSaid(poolId, /certificate/);
      writeFileSync(file, made("ca"));
      await world.untilCounts([1, 3, 3]);
      await world.untilWell(poolId);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("hold up no stop of the service, whatever is asked of a frozen server", async () => {
    await world.stop();
    // No limit of a call ends it: only the stop does.
    world.start({ callLimitMs: 3_600_000 });
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    server.freeze();
    const before = server.standIn.seen.length;
    await world.setReplicas(poolId, 4);
    await expect.poll(() => server.standIn.seen.slice(before).map(({ method }) => method), SOON).toContain("PATCH");
    await world.stop();
    server.thaw();
    world.start();
    await world.untilCounts([1, 4, 4]);
  });

  it("hold up no stop while the server is asked whether agent-sandbox is gone", async () => {
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    const { answer } = server.standIn;
    const asked = Promise.withResolvers<void>();
    server.standIn.answer = (seen, response, request) => {
      if (seen.url.pathname === "/apis") return asked.resolve();
      return answer(seen, response, request);
    };
    server.fault = () => ({ status: 404, page: "404 page not found\n" });
    server.breakWatches();
    await asked.promise;
    await world.setReplicas(poolId, 3);
    await world.stop();
    server.standIn.answer = answer;
    server.fault = () => undefined;
    world.start();
    await world.untilCounts([1, 3, 3]);
  });

  it("are doubled by nothing, and left behind by nothing, when the service stops in the middle of a roll-out", async () => {
    const poolId = await world.makePool(8);
    await world.untilCounts([1, 8, 8]);
    // Two of the new ones get ready, and no more.
    server.readyOf = ({ metadata }) => (metadata.name.endsWith("-g2") ? 2 : Infinity);
    world.seed("web");
    await world.untilCounts([1, 6, 6], [2, 4, 2]);
    await world.stop();
    server.readyOf = () => Infinity;
    server.fill();
    world.start();
    await world.untilCounts([2, 8, 8]);
    expect(server.list("sandboxtemplates")).toHaveLength(1);
    expect(server.mostReplicas).toBeLessThanOrEqual(10);
    await world.fleet.pools.delete(poolId);
    const left = () => ["sandboxwarmpools", "sandboxtemplates", "sandboxes"].flatMap((kind) => server.list(kind));
    await expect.poll(left, SOON).toEqual([]);
  });

  it("do not make up for a pause by what their own failure wakes", async () => {
    // Each says something else, so that the pool has news each time.
    let count = 0;
    server.fault = (request) =>
      isWrite(request) ? { status: 400, reason: "BadRequest", message: `request ${(count += 1)} is bad` } : undefined;
    const poolId = await world.makePool(2);
    await world.untilSaid(poolId, /request 1 is bad/);
    await world.untilSaid(poolId, /request 3 is bad/);
    expect(count).toBeLessThan(6);
    server.fault = () => undefined;
    await world.untilCounts([1, 2, 2]);
  });
});
