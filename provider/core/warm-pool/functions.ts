import * as z from "zod";
import { NoSuchPoolError } from "../../errors.ts";
import type { ProviderFunction } from "../provider-function.ts";
import { withoutOwner } from "./pool-owner.ts";

const count = (what: string) => z.int().describe(`Machines that are ${what}.`);

export const getWarmPool: ProviderFunction = {
  name: "getWarmPool",
  description: "An existing warm pool, whoever created it, with the current state of its machines.",
  example: {
    typescript: 'const pool = await getWarmPool({ name: "web" });',
    outputs: "export const ready = getWarmPoolOutput({ poolId: pool.poolId }).ready;",
  },
  inputs: z.object({
    poolId: z.string().optional().describe("The pool, `twp_…`. Give this or `name`."),
    name: z.string().optional().describe("Its name among your live pools."),
  }),
  outputs: z.object({
    poolId: z.string().describe("Id of the pool, `twp_…`."),
    name: z.string().describe("Its name."),
    template: z.string().describe("Template of its machines, as the pool follows it."),
    state: z.string().describe("`enabled`, `disabled` or `draining`."),
    minReady: z.int().describe("Machines to keep ready."),
    maxReady: z.int().describe("Most machines that may be ready or warming at a time."),
    resolvedBuildId: z.string().optional().describe("Build that its machines are started from, `tb_…`."),
    ready: count("ready"),
    warming: count("being started"),
    claimed: count("in use"),
    degraded: z.string().optional().describe("Why it is not full, if something is wrong."),
    labels: z.record(z.string(), z.string()).describe("Its labels."),
    metadata: z.record(z.string(), z.unknown()).describe("The data stored with it."),
  }),
  async call(client, { poolId, name }, signal) {
    if ((poolId === undefined) === (name === undefined)) throw new NoSuchPoolError("give poolId or name, one of them");
    const pool =
      poolId !== undefined
        ? await client.warmPools.get(poolId as string, { signal })
        : (await client.warmPools.list({}, { signal })).find((each) => each.name === name && each.state !== "deleted");
    if (pool === undefined) throw new NoSuchPoolError(`there is no warm pool "${name as string}"`);
    if (pool.state === "deleted") throw new NoSuchPoolError(`warm pool ${pool.id} was deleted`);
    const { status } = pool;
    return {
      poolId: pool.id,
      name: pool.name,
      template: pool.template_ref,
      state: pool.state,
      minReady: pool.min_ready,
      maxReady: pool.max_ready,
      ...(pool.resolved_template_build_id != null && { resolvedBuildId: pool.resolved_template_build_id }),
      ready: status.ready,
      warming: status.warming,
      claimed: status.claimed,
      ...(pool.degraded_reason != null && { degraded: pool.degraded_message ?? pool.degraded_reason }),
      labels: pool.labels,
      metadata: withoutOwner(pool.metadata),
    };
  },
};
