import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { NullspaceClient } from "../../sdk/client/index.ts";
import { startTestService } from "../e2e/support/service.ts";
import { Example } from "./support/example.ts";

const CLAIM = 'node claim.mjs "$(pulumi stack output template)" "$(pulumi stack output poolId)"';

describe("examples/warm-pool-rollout", () => {
  it("has machines ready at every moment of a roll-out, and gives them out meanwhile", async () => {
    await using service = await startTestService();
    using example = new Example("warm-pool-rollout", service.env);
    await example.stack();

    await example.follow("pulumi up --yes --skip-preview");
    await example.follow(CLAIM);
    const poolId = (await example.pulumi("stack", "output", "poolId")).stdout.trim();
    const before = await service.client.warmPools.waitUntilReady(poolId);

    const watching = example.start('node watch.mjs "$(pulumi stack output poolId)"');
    await example.follow("echo 'version 2' > app/www/index.html");
    const seen = watchPool(service.client, poolId);
    await example.follow("pulumi up --yes --skip-preview");
    // Both looked at it all the time: from outside, and as the README's reader does.
    expect(Math.min(...(await seen.stop()))).toBe(2);
    await watching.stop();
    await example.follow(CLAIM);
    const after = await service.client.warmPools.waitUntilReady(poolId);
    expect(after.resolved_template_build_id).not.toBe(before.resolved_template_build_id);
    expect(after.status).toMatchObject({ ready: 2, warming: 0 });

    // Once more, and somebody takes a machine while the pool rolls: there is one, and even so the pool is never empty.
    example.write("app/www/index.html", "version 3\n");
    const third = watchPool(service.client, poolId);
    const rolling = example.pulumi("up", "--yes", "--skip-preview");
    await third.untilRolling();
    const claimed = await service.client.machines.create({
      template: "local/rollout-web:live",
      vcpus: 1,
      memory_mb: 128,
      warm_pool: { id: poolId, mode: "require", wait_ms: 0 },
    });
    expect(claimed.warm_pool_checkout?.hit).toBe(true);
    await rolling;
    expect(Math.min(...(await third.stop()))).toBeGreaterThanOrEqual(1);
    await service.client.machines.delete(claimed.id);

    await example.follow("pulumi destroy --yes --skip-preview");
    expect(example.toFollow()).toEqual([]);
    expect((await service.client.templates.list()).filter(({ builtin }) => !builtin)).toEqual([]);
  });
});

/** Counts a pool's ready machines again and again, until it is stopped. */
function watchPool(client: NullspaceClient, poolId: string) {
  const counts: number[] = [];
  let isStopped = false;
  const { promise: rolling, resolve: noteRolling, reject } = Promise.withResolvers<void>();
  const watch = (async () => {
    while (!isStopped) {
      const { status, rollout_status: rollout } = await client.warmPools.get(poolId);
      counts.push(status.ready);
      if ((rollout?.old_ready_or_warming ?? 0) > 0) noteRolling();
      await pause(20);
    }
    reject(new Error("the pool was never seen to roll"));
  })();
  // Who does not wait for it has no use for the news that it never came.
  rolling.catch(() => {});
  return {
    /** Resolves when there are machines of the previous build beside those to come. */
    untilRolling: () => rolling,
    /** @returns how many machines were ready, look by look */
    async stop(): Promise<number[]> {
      isStopped = true;
      await watch;
      return counts;
    },
  };
}
