import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect } from "vitest";
import { CreateTemplateRequest } from "../../../../sdk/wire/index.ts";
import { poolTagFollowers } from "../../../../service/fleet/pools/tag-followers.ts";
import { removeAlias } from "../../../../service/templates/aliases.ts";
import { releaseName, reserveName } from "../../../../service/templates/claims.ts";
import { renameTemplate } from "../../../../service/templates/rename.ts";
import { assignTags, removeTag } from "../../../../service/templates/tags.ts";
import { SIZE } from "../memory-fleet.ts";
import { codeOf } from "./code-of.ts";
import { compare } from "./compare.ts";
import { NAMES, TAGS, type Model } from "./model.ts";
import type { RestartableParts } from "./restartable-parts.ts";

const POOLS = ["p", "q"];
const KEYS = ["k1", "k2", "k3"];

type Command = fc.AsyncCommand<Model, RestartableParts>;
/** What a call should come to: `undefined` for success, else the code of its error. */
type Outcome = string | undefined;

/** A command that says what it expects, does it, and compares. */
function command(
  title: string,
  play: (model: Model, parts: RestartableParts) => Promise<{ expected: Outcome; did: Outcome }>,
): Command {
  return {
    check: () => true,
    async run(model, parts) {
      const { expected, did } = await play(model, parts);
      expect(did, title).toBe(expected);
      await compare(model, parts);
      model.steps += 1;
    },
    toString: () => title,
  };
}

const build = (name: string, tag: string) =>
  command(`build ${name}:${tag}`, async (model, parts) => {
    const request = CreateTemplateRequest.parse({ name, base_image: "busybox:1", tags: [tag] });
    const { build_id: buildId } = await parts.builds.start(request, AbortSignal.timeout(5_000));
    await parts.builds.waitUntilFinal(buildId, AbortSignal.timeout(5_000));
    expect(parts.builds.snapshot(buildId, 0).build.status).toBe("ready");
    const template = model.make(name);
    template.builds.push(buildId);
    template.tags.set(tag, buildId);
    return { expected: undefined, did: undefined };
  });

/** A build that nothing ends by itself. @param hasBegun wait until it runs */
async function startHeld(parts: RestartableParts, name: string, tag: string, hasBegun: boolean): Promise<string> {
  parts.areBuildsHeld = true;
  try {
    const request = CreateTemplateRequest.parse({ name, base_image: "busybox:1", tags: [tag] });
    const { build_id: buildId } = await parts.builds.start(request, AbortSignal.timeout(5_000));
    while (hasBegun && parts.builds.snapshot(buildId, 0).build.status === "waiting") await setImmediate();
    // The builder is asked in a later turn than the state is written.
    await setImmediate();
    return buildId;
  } finally {
    parts.areBuildsHeld = false;
  }
}

const cancel = (name: string, tag: string, hasBegun: boolean) =>
  command(`cancel a build of ${name}:${tag} that ${hasBegun ? "runs" : "may wait"}`, async (model, parts) => {
    model.make(name);
    const buildId = await startHeld(parts, name, tag, hasBegun);
    for (let time = 1; time <= 2; time += 1) parts.builds.cancel(buildId, `for the ${time}. time`);
    await parts.builds.waitUntilFinal(buildId, AbortSignal.timeout(5_000));
    const { build, entries } = parts.builds.snapshot(buildId, 0);
    expect(build).toMatchObject({ status: "cancelled", cancellation_reason: "for the 1. time" });
    expect(entries.filter(({ kind }) => kind === "cancelled")).toHaveLength(1);
    return { expected: undefined, did: undefined };
  });

const restartInBuild = (name: string, tag: string) =>
  command(`restart during a build of ${name}:${tag}`, async (model, parts) => {
    const buildId = await startHeld(parts, name, tag, true);
    await parts.restart();
    await parts.builds.waitUntilFinal(buildId, AbortSignal.timeout(5_000));
    expect(parts.builds.snapshot(buildId, 0).build.status).toBe("ready");
    model.restarts += 1;
    const template = model.make(name);
    template.builds.push(buildId);
    template.tags.set(tag, buildId);
    return { expected: undefined, did: undefined };
  });

const removeArtifact = (name: string, which: number) =>
  command(`delete the artifact of build ${which} of ${name}`, async (model, parts) => {
    const template = model.find(name);
    const buildId = template?.builds[which % template.builds.length] ?? "tb_none";
    // Pools roll in their own time to where their tags have been moved.
    for (const { id } of model.pools.values()) await parts.fleet.pools.reconcile(id);
    const did = await codeOf(() => parts.deleteRef(`${name}:${buildId}`));
    if (template === undefined || template.builds.length === 0) return { expected: "template_not_found", did };
    const tags = [...template.tags].filter(([, target]) => target === buildId).map(([tag]) => tag);
    if (tags.some((tag) => model.isFollowed(template, tag))) return { expected: "conflict", did };
    for (const tag of tags) template.tags.delete(tag);
    template.builds = template.builds.filter((id) => id !== buildId);
    return { expected: undefined, did };
  });

const assign = (name: string, which: number, tag: string) =>
  command(`assign ${name}:${tag} to build ${which}`, async (model, parts) => {
    const template = model.find(name);
    const buildId = template?.builds[which % template.builds.length] ?? "tb_none";
    const did = await codeOf(() => assignTags(parts.db, `${name}:${buildId}`, [tag]));
    if (did === undefined) parts.noteTagMove();
    if (buildId !== "tb_none") template?.tags.set(tag, buildId);
    return { expected: buildId === "tb_none" ? "template_not_found" : undefined, did };
  });

const untag = (name: string, tag: string) =>
  command(`remove tag ${name}:${tag}`, async (model, parts) => {
    const template = model.find(name);
    const did = await codeOf(() => removeTag(parts.db, poolTagFollowers, name, tag));
    if (template === undefined) return { expected: "template_not_found", did };
    if (!template.tags.has(tag)) return { expected: "template_tag_not_found", did };
    if (model.isFollowed(template, tag)) return { expected: "conflict", did };
    template.tags.delete(tag);
    return { expected: undefined, did };
  });

const rename = (name: string, next: string) =>
  command(`rename ${name} to ${next}`, async (model, parts) => {
    const template = model.find(name);
    const holder = model.find(next);
    const did = await codeOf(() => renameTemplate(parts.db, name, next));
    if (template === undefined) return { expected: "template_not_found", did };
    if (holder !== undefined && holder !== template) return { expected: "conflict", did };
    if (next !== template.name) {
      template.aliases.delete(next);
      template.aliases.add(template.name);
      template.name = next;
      model.claims.delete(next);
    }
    return { expected: undefined, did };
  });

const unalias = (name: string, alias: string) =>
  command(`remove alias ${alias} of ${name}`, async (model, parts) => {
    const template = model.find(name);
    const did = await codeOf(() => removeAlias(parts.db, poolTagFollowers, name, alias));
    if (template === undefined) return { expected: "template_not_found", did };
    if (!template.aliases.has(alias)) return { expected: "template_alias_not_found", did };
    if (model.isFollowedBy(alias)) return { expected: "conflict", did };
    template.aliases.delete(alias);
    return { expected: undefined, did };
  });

const remove = (name: string) =>
  command(`delete ${name}`, async (model, parts) => {
    const template = model.find(name);
    const did = await codeOf(() => parts.deleteRef(name));
    if (template === undefined) return { expected: "template_not_found", did };
    if (model.isFollowed(template)) return { expected: "conflict", did };
    model.templates.splice(model.templates.indexOf(template), 1);
    return { expected: undefined, did };
  });

const claim = (name: string) =>
  command(`claim ${name}`, async (model, parts) => {
    const did = await codeOf(() => {
      const { claim_token: token } = reserveName(parts.db, name);
      // Claimed already: the same claim, prolonged.
      expect(token).toBe(model.claims.get(name) ?? token);
      model.claims.set(name, token);
    });
    return { expected: model.find(name) === undefined ? undefined : "conflict", did };
  });

const release = (name: string) =>
  command(`release ${name}`, async (model, parts) => {
    const token = model.claims.get(name);
    const did = await codeOf(() => releaseName(parts.db, token ?? "claim_none"));
    model.claims.delete(name);
    return { expected: token === undefined ? "template_name_claim_not_found" : undefined, did };
  });

const createPool = (pool: string, name: string, tag: string, mostMembers: number) =>
  command(`pool ${pool} of ${name}:${tag}, at most ${mostMembers}`, async (model, parts) => {
    const template = model.find(name);
    const isTaken = model.pools.has(pool);
    const request = {
      name: pool,
      template_ref: name,
      version_policy: "track_tag",
      track_tag: tag,
      min_ready: 1,
      max_ready: mostMembers,
      resources: SIZE,
    } as const;
    const did = await codeOf(async () => {
      const { id } = await parts.fleet.pools.create(request);
      model.pools.set(pool, { id, follows: name, tag, mostMembers });
    });
    if (isTaken) return { expected: "conflict", did };
    return { expected: template?.tags.has(tag) === true ? undefined : "template_not_found", did };
  });

const deletePool = (pool: string) =>
  command(`delete pool ${pool}`, async (model, parts) => {
    const known = model.pools.get(pool);
    const did = await codeOf(() => parts.fleet.pools.delete(known?.id ?? "twp_none"));
    model.pools.delete(pool);
    return { expected: known === undefined ? "warm_pool_not_found" : undefined, did };
  });

const checkOut = (pool: string, key: string) =>
  command(`machine ${key} from pool ${pool}`, async (model, parts) => {
    const known = model.pools.get(pool);
    if (known === undefined || model.machines.has(key)) return { expected: undefined, did: undefined };
    const { id } = known;
    const request = { ...SIZE, warm_pool: { id, mode: "prefer" as const, wait_ms: 50 } };
    const unique = `${key}-${randomUUID()}`;
    const [one, other] = await Promise.all([
      parts.fleet.creator.create(unique, request),
      parts.fleet.creator.create(unique, request),
    ]);
    expect(other.machineId).toBe(one.machineId);
    expect([...model.machines.values()]).not.toContain(one.machineId);
    model.machines.set(key, one.machineId);
    model.requests.push({ key: unique, body: request, machineId: one.machineId });
    return { expected: undefined, did: undefined };
  });

const askAgain = (which: number, isOther: boolean) =>
  command(`request ${which} again${isOther ? ", with another body" : ""}`, async (model, parts) => {
    const request = model.requests[which % model.requests.length];
    if (request === undefined) return { expected: undefined, did: undefined };
    const body = isOther ? { ...request.body, metadata: { other: "body" } } : request.body;
    const did = await codeOf(async () => {
      // The machine of the first time, also one that has ended since.
      expect((await parts.fleet.creator.create(request.key, body)).machineId).toBe(request.machineId);
    });
    return { expected: isOther ? "conflict" : undefined, did };
  });

const destroy = (key: string) =>
  command(`end machine ${key}`, async (model, parts) => {
    const machineId = model.machines.get(key);
    if (machineId !== undefined) expect((await parts.fleet.machines.destroy(machineId)).status).toBe("destroyed");
    model.machines.delete(key);
    return { expected: undefined, did: undefined };
  });

const restart = () =>
  command("restart", async (model, parts) => {
    await parts.restart();
    model.restarts += 1;
    return { expected: undefined, did: undefined };
  });

const name = fc.constantFrom(...NAMES);
const tag = fc.constantFrom(...TAGS);
const pool = fc.constantFrom(...POOLS);
const key = fc.constantFrom(...KEYS);

/** Every command there is; builds and assignments stand twice, because the others need what they make. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  fc.tuple(name, tag).map((args) => build(...args)),
  fc.tuple(name, tag).map((args) => build(...args)),
  fc.tuple(name, tag, fc.boolean()).map((args) => cancel(...args)),
  fc.tuple(name, tag).map((args) => restartInBuild(...args)),
  fc.tuple(name, fc.nat(9)).map((args) => removeArtifact(...args)),
  fc.tuple(fc.nat(9), fc.boolean()).map((args) => askAgain(...args)),
  fc.tuple(name, fc.nat(9), tag).map((args) => assign(...args)),
  fc.tuple(name, tag).map((args) => untag(...args)),
  fc.tuple(name, name).map((args) => rename(...args)),
  fc.tuple(name, name).map((args) => unalias(...args)),
  name.map(remove),
  name.map(claim),
  name.map(release),
  fc.tuple(pool, name, tag, fc.integer({ min: 1, max: 2 })).map((args) => createPool(...args)),
  pool.map(deletePool),
  fc.tuple(pool, key).map((args) => checkOut(...args)),
  key.map(destroy),
  fc.constant(0).map(restart),
];
