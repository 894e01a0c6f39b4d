import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { CreateTemplateRequest, type CreateMachineRequest } from "../../../../sdk/wire/index.ts";
import { poolTagFollowers } from "../../../../service/fleet/pools/tag-followers.ts";
import { removeAlias } from "../../../../service/templates/aliases.ts";
import { reserveName } from "../../../../service/templates/claims.ts";
import { renameTemplate } from "../../../../service/templates/rename.ts";
import { resolveTemplate } from "../../../../service/templates/resolve.ts";
import { assignTags, removeTag } from "../../../../service/templates/tags.ts";
import { SIZE } from "../memory-fleet.ts";
import { codeOf } from "./code-of.ts";
import { checkAlways } from "./compare.ts";
import { NAMES, TAGS } from "./model.ts";
import { RestartableParts } from "./restartable-parts.ts";

/** One call, of which nobody knows what it will meet. */
interface Step {
  kind:
    | "build"
    | "cancel"
    | "artifact"
    | "again"
    | "assign"
    | "untag"
    | "rename"
    | "unalias"
    | "delete"
    | "claim"
    | "pool"
    | "drop"
    | "machine"
    | "end";
  name: string;
  other: string;
  tag: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step["kind"]>(
    ...(["build", "build", "build", "cancel", "artifact", "again", "assign", "untag", "rename", "unalias"] as const),
    ...(["delete", "claim", "pool", "pool", "drop", "machine", "machine", "end"] as const),
  ),
  name: fc.constantFrom(...NAMES.slice(0, 3)),
  other: fc.constantFrom(...NAMES.slice(0, 3)),
  tag: fc.constantFrom(...TAGS),
});
const lanes = fc.array(fc.array(step, { minLength: 5, maxLength: 25 }), { minLength: 2, maxLength: 4 });

/** What became of the machines that were handed out. */
class Machines {
  readonly handedOut: string[] = [];
  /** The requests that they were made for. */
  readonly requests: { key: string; body: CreateMachineRequest; machineId: string }[] = [];
}

async function play(parts: RestartableParts, { kind, name, other, tag }: Step, machines: Machines): Promise<void> {
  const { db, fleet, builds } = parts;
  const [pool] = fleet.pools.list({});
  if (kind === "build") {
    const request = CreateTemplateRequest.parse({ name, base_image: "busybox:1", tags: [tag] });
    const { build_id: buildId } = await builds.start(request, AbortSignal.timeout(5_000));
    await builds.waitUntilFinal(buildId, AbortSignal.timeout(5_000));
    expect(builds.snapshot(buildId, 0).build.status).toMatch(/^(ready|cancelled)$/);
  } else if (kind === "cancel") {
    const request = CreateTemplateRequest.parse({ name, base_image: "busybox:1", tags: [tag] });
    const { build_id: buildId } = await builds.start(request, AbortSignal.timeout(5_000));
    builds.cancel(buildId, undefined);
    await builds.waitUntilFinal(buildId, AbortSignal.timeout(5_000));
    expect(builds.snapshot(buildId, 0).build.status).toMatch(/^(ready|cancelled)$/);
  } else if (kind === "artifact") parts.deleteRef(`${name}:${resolveTemplate(db, name).buildId}`);
  else if (kind === "again") {
    const request = machines.requests.at(-1);
    if (request === undefined) return;
    const [same, other] = await Promise.all([
      fleet.creator.create(request.key, request.body),
      codeOf(() => fleet.creator.create(request.key, { ...request.body, metadata: { other: "body" } })),
    ]);
    expect([same.machineId, other]).toEqual([request.machineId, "conflict"]);
  } else if (kind === "assign") assignTags(db, name, [tag]);
  else if (kind === "untag") removeTag(db, poolTagFollowers, name, tag);
  else if (kind === "rename") renameTemplate(db, name, other);
  else if (kind === "unalias") removeAlias(db, poolTagFollowers, name, other);
  else if (kind === "delete") parts.deleteRef(name);
  else if (kind === "claim") reserveName(db, name);
  else if (kind === "pool") {
    const follows = { template_ref: name, version_policy: "track_tag", track_tag: tag } as const;
    await fleet.pools.create({ name: other, ...follows, min_ready: 1, max_ready: 2, resources: SIZE });
  } else if (kind === "drop" && pool !== undefined) await fleet.pools.delete(pool.id);
  else if (kind === "machine" && pool !== undefined) {
    const body = { ...SIZE, warm_pool: { id: pool.id, mode: "require" as const, wait_ms: 20 } };
    const key = randomUUID();
    const { machineId } = await fleet.creator.create(key, body);
    machines.handedOut.push(machineId);
    machines.requests.push({ key, body, machineId });
  } else if (kind === "end") {
    const machineId = machines.handedOut.at(-1);
    if (machineId !== undefined) await fleet.machines.destroy(machineId);
  }
  if (kind === "assign" || kind === "untag") parts.noteTagMove();
}

it("whoever calls at the same time, names, tags, pools and machines stay whole, and outlive a restart", async () => {
  let steps = 0;
  let machineCount = 0;
  const plays = fc.asyncProperty(fc.scheduler(), lanes, async (scheduler, all) => {
    await using parts = new RestartableParts();
    const machines = new Machines();
    const run = async (lane: readonly Step[]): Promise<void> => {
      for (const one of lane) {
        await scheduler.schedule(Promise.resolve());
        // It may be refused, with a code; anything else that is thrown fails the test.
        await codeOf(() => play(parts, one, machines));
        checkAlways(parts);
        steps += 1;
      }
    };
    await scheduler.waitFor(Promise.all(all.map(run)));
    const { handedOut } = machines;
    expect(new Set(handedOut).size).toBe(handedOut.length);
    machineCount += handedOut.length;
    const before = parts.db.all(
      "SELECT * FROM tags UNION ALL SELECT namespace, name, template_key, created_at, '' FROM aliases",
    );
    await parts.restart();
    checkAlways(parts);
    expect(
      parts.db.all("SELECT * FROM tags UNION ALL SELECT namespace, name, template_key, created_at, '' FROM aliases"),
    ).toEqual(before);
  });
  // How long a play is is drawn, too: it goes on until there is enough of it.
  for (let round = 0; round < 10 && (steps < 1_000 || machineCount === 0); round++) {
    await fc.assert(plays, { numRuns: 40 });
  }
  expect(steps).toBeGreaterThanOrEqual(1_000);
  expect(machineCount).toBeGreaterThan(0);
}, 120_000);
