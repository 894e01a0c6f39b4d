import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NativeServer } from "./native-server.ts";
import { NativeWorld, SOON } from "./native-world.ts";

const BOTH = ["sandboxwarmpools", "sandboxtemplates"] as const;

describe("pools for other programs, whatever is done to them", { timeout: 120_000 }, () => {
  let server: NativeServer;
  let world: NativeWorld;

  beforeEach(async () => {
    server = await NativeServer.open();
    world = new NativeWorld(server);
    world.start();
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const left = () => BOTH.flatMap((kind) => server.list(kind).map(({ metadata }) => metadata.name));
  /** Members of one generation get ready, so many. */
  const holdAt = (name: RegExp, ready: number) => {
    server.readyOf = ({ metadata }) => (name.test(metadata.name) ? ready : Infinity);
    server.fill();
  };
  const letGo = () => holdAt(/^$/, 0);

  it("go back to the generation that has its members when a tag is moved back in the middle of a roll-out", async () => {
    const { buildId: good } = world.seed("web");
    const poolId = await world.makePool(8);
    await world.untilCounts([1, 8, 8]);
    const [first = ""] = server.current();
    const members = () => server.list("sandboxes").map(({ metadata }) => metadata.name);
    // Half of the new ones are ready: they are claimed from already.
    holdAt(/-g2$/, 4);
    world.seed("web");
    await world.untilCounts([1, 4, 4], [2, 6, 4]);
    await expect.poll(() => server.current()[0], SOON).toMatch(/-g2$/);
    const before = members().filter((name) => name.startsWith(first));
    world.moveTag("web", good);
    await world.untilCounts([3, 8, 8]);
    // The same objects, under their name, with the members that were left.
    expect(server.current()).toEqual([first]);
    expect(members()).toEqual(expect.arrayContaining(before));
    await expect.poll(left, SOON).toEqual([first, first]);
    expect(server.mostReplicas).toBeLessThanOrEqual(10);
    await world.untilWell(poolId);
    // The next build is another one again.
    letGo();
    world.seed("web");
    await world.untilCounts([4, 8, 8]);
    expect(server.current()[0]).toMatch(/-g4$/);
  });

  it("go back from a build of which none gets ready without losing a member", async () => {
    const { buildId: good } = world.seed("web");
    await world.makePool(4);
    await world.untilCounts([1, 4, 4]);
    const members = server.list("sandboxes").map(({ metadata }) => metadata.name);
    holdAt(/-g2$/, 0);
    world.seed("web");
    await world.untilCounts([1, 4, 4], [2, 1, 0]);
    world.moveTag("web", good);
    await world.untilCounts([3, 4, 4]);
    expect(server.list("sandboxes").map(({ metadata }) => metadata.name)).toEqual(members);
  });

  it("do not take up a generation that an earlier release made, of which it is not known what it is of", async () => {
    const { buildId: good } = world.seed("web");
    await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    await world.stop();
    world.db.run("UPDATE native_generations SET compatibility_key = NULL");
    world.start();
    holdAt(/-g2$/, 0);
    world.seed("web");
    await world.untilCounts([1, 2, 2], [2, 1, 0]);
    world.moveTag("web", good);
    await world.untilCounts([3, 2, 2]);
    expect(server.current()[0]).toMatch(/-g3$/);
  });

  it("have the number that was asked for last, when it changes in the middle of a roll-out", async () => {
    world.seed("web");
    const poolId = await world.makePool(8);
    await world.untilCounts([1, 8, 8]);
    holdAt(/-g2$/, 2);
    world.seed("web");
    await world.untilCounts([1, 6, 6], [2, 4, 2]);
    await world.setReplicas(poolId, 20);
    await expect.poll(() => server.counts().at(-1), SOON).toEqual([2, 19, 2]);
    await world.setReplicas(poolId, 2);
    await world.untilCounts([2, 2, 2]);
    await world.setReplicas(poolId, 5);
    letGo();
    await world.untilCounts([2, 5, 5]);
    await expect.poll(left, SOON).toHaveLength(2);
  });

  it("are there once, and nothing else is, after a storm of changes", async () => {
    world.seed("web");
    const poolId = await world.makePool(3);
    const { pools } = world.fleet;
    for (let round = 0; round < 5; round += 1) {
      await pools.disable(poolId);
      await pools.enable(poolId);
      await world.setReplicas(poolId, undefined);
      await pools.drain(poolId);
      await pools.enable(poolId);
      world.seed("web");
      await world.setReplicas(poolId, 2 + round);
    }
    await expect.poll(() => server.counts().map(([, ...rest]) => rest), SOON).toEqual([[6, 6]]);
    await expect.poll(left, SOON).toHaveLength(2);
    expect(server.list("sandboxes")).toHaveLength(6);
    await world.untilWell(poolId);
  });

  it("come back when the label does while the last of them is on its way out", async () => {
    world.seed("web");
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    // The question whether anybody has claims takes its time; what is decided after it is what is wanted then.
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const { answer } = server.standIn;
    server.standIn.answer = async (seen, response, request) => {
      if (seen.url.pathname.endsWith("/sandboxclaims")) {
        asked.resolve();
        await answered.promise;
      }
      await answer(seen, response, request);
    };
    await world.setReplicas(poolId, undefined);
    await asked.promise;
    await world.setReplicas(poolId, 2);
    answered.resolve();
    await world.untilCounts([1, 2, 2]);
    await expect.poll(() => server.current(), SOON).toHaveLength(1);
    expect(server.writes.filter((each) => each.startsWith("DELETE"))).toEqual([]);
  });

  it("of a pool that is deleted and made again under its name are others, and one is to be claimed from", async () => {
    world.seed("web");
    const first = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    const [before = ""] = server.current();
    server.claim("mine", before);
    await world.fleet.pools.delete(first);
    const second = await world.makePool(3);
    await expect
      .poll(() => server.counts().toSorted(([, a], [, b]) => a - b), SOON)
      .toEqual([
        [1, 0, 0],
        [1, 3, 3],
      ]);
    expect(server.current()).not.toContain(before);
    expect(server.current()).toHaveLength(1);
    server.remove("sandboxclaims", "mine");
    await world.untilCounts([1, 3, 3]);
    await expect.poll(left, SOON).not.toContain(before);
    expect(world.fleet.pools.get(second).degraded_reason).toBeUndefined();
  });

  it("bear the new name of their pool, where that can be a label, and keep their own", async () => {
    world.seed("web");
    const poolId = await world.makePool(1);
    await world.untilCounts([1, 1, 1]);
    const [name] = server.current();
    const named = () => BOTH.map((kind) => server.list(kind)[0]?.metadata.labels["dev.nullspace/pool"]);
    await world.fleet.pools.update(poolId, { name: "agents" });
    await expect.poll(named, SOON).toEqual(["agents", "agents"]);
    await world.fleet.pools.update(poolId, { name: "no label/that" });
    await expect.poll(named, SOON).toEqual([undefined, undefined]);
    expect(server.current()).toEqual([name]);
  });

  it("are put right after every kind of change by hand", async () => {
    world.seed("web");
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    const [name = ""] = server.current();
    const edits: ((labels: Record<string, string>, spec: Record<string, unknown>) => void)[] = [
      (_labels, spec) => (spec.replicas = 50),
      (_labels, spec) =>
        Object.assign(spec, { sandboxTemplateRef: { name: "another" }, updateStrategy: { type: "Recreate" } }),
      (labels) => delete labels["dev.nullspace/current"],
      (labels) => Object.assign(labels, { "dev.nullspace/generation": "7", "dev.nullspace/pool-id": "another" }),
    ];
    for (const [at, edit] of edits.entries()) {
      const writes = server.writes.length;
      server.edit("sandboxwarmpools", name, ({ metadata, spec }) => edit(metadata.labels, spec));
      await expect.poll(() => server.writes.length, { ...SOON, message: `after edit ${at}` }).toBeGreaterThan(writes);
      await world.untilCounts([1, 2, 2]);
      expect(server.current()).toEqual([name]);
    }
    const [pool] = server.list("sandboxwarmpools");
    expect(pool).toMatchObject({
      metadata: { labels: { "dev.nullspace/pool-id": poolId } },
      spec: { sandboxTemplateRef: { name }, updateStrategy: { type: "OnReplenish" } },
    });
    for (const kind of BOTH) {
      server.remove(kind, name);
      await expect.poll(left, SOON).toEqual([name, name]);
      await world.untilCounts([1, 2, 2]);
    }
  });

  it("say who changes them when somebody does so as often as they are put right, and leave the server in peace", async () => {
    world.seed("web");
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    const [name = ""] = server.current();
    let writes = 0;
    // An autoscaler, say, that is as quick as the service.
    const fight = () => {
      const [pool] = server.list("sandboxwarmpools");
      if (pool?.spec.replicas !== 2) return;
      writes += 1;
      server.edit("sandboxwarmpools", name, (object) => {
        object.spec.replicas = 3;
        Object.assign(object.metadata, { managedFields: [{ manager: "horizontal-autoscaler" }] });
      });
    };
    server.afterWrite = () => setImmediate(fight);
    fight();
    await world.untilSaid(poolId, /SandboxWarmPool .* changed by others .*horizontal-autoscaler/);
    expect(writes).toBeLessThan(30);
    server.afterWrite = () => undefined;
    await world.untilCounts([1, 2, 2]);
    await world.untilWell(poolId);
  });

  it("are written once where the server does not keep all that is asked for, and roll all the same", async () => {
    // As of a version of agent-sandbox that lacks a field, and of a webhook that sets another.
    server.mutate = ({ kind, spec }) => {
      if (kind !== "SandboxTemplate") return;
      delete spec.volumeClaimTemplatesPolicy;
      spec.networkPolicyManagement = "Managed";
    };
    world.seed("web");
    const poolId = await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    for (let replicas = 3; replicas < 12; replicas += 1) {
      await world.setReplicas(poolId, replicas);
      await world.untilCounts([1, replicas, replicas]);
    }
    expect(server.writes.filter((each) => each.startsWith("PATCH sandboxtemplates"))).toHaveLength(1);
    world.seed("web");
    await world.untilCounts([2, 11, 11]);
    await world.untilWell(poolId);
  });

  it("of two services at one cluster are left alone by the other, under one name and through its end", async () => {
    world.seed("web");
    const other = new NativeWorld(server, "two");
    try {
      other.start();
      other.seed("web");
      const mine = await world.makePool(2);
      await other.makePool(3);
      await expect
        .poll(
          () =>
            server
              .counts()
              .map(([, ...rest]) => rest)
              .toSorted(),
          SOON,
        )
        .toEqual([
          [2, 2],
          [3, 3],
        ]);
      await world.fleet.pools.delete(mine);
      await world.untilCounts([1, 3, 3]);
      await expect.poll(left, SOON).toHaveLength(2);
      await world.stop();
      world.start({ isOn: false });
      await expect.poll(() => world.fleet.nativeStatuses(), SOON).toEqual({ isKnown: false, pools: [] });
      await other.stop();
      other.start();
      await world.untilCounts([1, 3, 3]);
      expect(left()).toHaveLength(2);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });

  it("that nobody has a record of go, unless somebody has a claim on them", async () => {
    world.seed("web");
    await world.makePool(2);
    await world.untilCounts([1, 2, 2]);
    const [name = ""] = server.current();
    await world.stop();
    world.db.run("DELETE FROM native_generations");
    world.db.run("UPDATE warm_pools SET state = 'deleted'");
    server.claim("mine", name);
    world.start();
    await expect
      .poll(() => server.standIn.seen.some(({ url }) => url.pathname.endsWith("/sandboxclaims")), SOON)
      .toBe(true);
    expect(left()).toContain(name);
    server.remove("sandboxclaims", "mine");
    await world.stop();
    world.start();
    await expect.poll(left, SOON).toEqual([]);
  });
});
