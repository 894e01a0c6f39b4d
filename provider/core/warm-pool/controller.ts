import { about } from "./about.ts";
import type { NullspaceClient } from "../../../sdk/client/index.ts";
import type { WarmPool } from "../../../sdk/wire/index.ts";
import { GoneError, InvalidIdError, OperationTimeoutError, PartialFailureError } from "../../errors.ts";
import { fillName } from "../autoname.ts";
import { checkInputs, withDefaults } from "../check-inputs.ts";
import { effectsOf } from "../input-facts.ts";
import type { Controller, UpdateRequest } from "../controller.ts";
import type { CheckResult, Properties } from "../properties.ts";
import { startDeadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { adoptedAway } from "../ownership/adopted-away.ts";
import { isOwnMark } from "../ownership/mark.ts";
import { diffProperties } from "../property-diff.ts";
import { clientFor } from "../provider-config.ts";
import { explain } from "../explain.ts";
import { namesSameTemplate } from "../same-template.ts";
import { orGone } from "../service-errors.ts";
import { CALL_TIMEOUT_MS, READY_TIMEOUT_MS } from "../timeouts.ts";
import { UNKNOWN } from "../unknown.ts";
import { createPool } from "./create-pool.ts";
import { CheckedWarmPoolInputs, WarmPoolInputs, WarmPoolOutputs } from "./inputs.ts";
import { followedTag } from "./followed-tag.ts";
import { ownerOfPool } from "./pool-owner.ts";
import { drainPool } from "./drain-pool.ts";
import { toInputs, toOutputs, toReadOutputs, toUpdateRequest } from "./pool-request.ts";
import { comesToBuild, describePool, waitForPool, waitUntilEmpty } from "./wait-for-pool.ts";

const ID = /^twp_/;

/** Machines of a template that are kept ready. */
export const warmPoolController: Controller = {
  ...about,
  inputs: WarmPoolInputs,
  outputs: WarmPoolOutputs,

  async check({ news, olds }, { naming }) {
    const checked = checkInputs(WarmPoolInputs, news);
    fillName(checked, { schema: WarmPoolInputs.shape.name, olds }, naming);
    return checkTogether(checked);
  },

  diff({ oldInputs, oldOutputs, newInputs }) {
    return { changes: changesOf(oldInputs, newInputs, oldOutputs), deleteBeforeReplace: false, stables: ["poolId"] };
  },

  async create(properties, context) {
    if (context.preview) return { id: "", outputs: properties };
    const inputs = CheckedWarmPoolInputs.parse(properties);
    const client = clientFor(context.config);
    using deadline = startDeadline(context, "create", READY_TIMEOUT_MS);
    const { pool, before } = await createPool(client, inputs, context, deadline.signal);
    const outputs = await settle(client, pool, inputs, context, {
      id: pool.id,
      echo: properties,
      expectsBuild: comesToBuild(before, inputs),
      signal: deadline.signal,
    });
    return { id: pool.id, outputs: { ...properties, ...outputs } };
  },

  promise: promisePool,
  update: updatePool,

  async read({ id, inputs, outputs }, context) {
    if (!ID.test(id)) throw new InvalidIdError("WarmPool", id, "twp_…, the pool's own id, not its name");
    using deadline = startDeadline(context, "read", CALL_TIMEOUT_MS);
    const pool = await orGone(clientFor(context.config).warmPools.get(id, { signal: deadline.signal }));
    if (pool === undefined || pool.state === "deleted") return undefined;
    const read = toInputs(pool, inputs === undefined || Object.keys(inputs).length === 0 ? undefined : inputs);
    const owner = ownerOfPool(pool);
    return {
      id,
      inputs: read,
      outputs: { ...read, ...toReadOutputs(pool, outputs) },
      ...(owner !== undefined && { owner }),
    };
  },

  async delete({ id, inputs, outputs }, context) {
    const client = clientFor(context.config);
    const drains = inputs.drain === true;
    using deadline = startDeadline(context, "delete", drains ? READY_TIMEOUT_MS : CALL_TIMEOUT_MS);
    if (await isOthers(client, id, outputs, context, deadline.signal)) return;
    if (drains) await drainPool(client, id, { force: inputs.forceDelete === true, deadline }, context);
    await orGone(client.warmPools.delete(id, { signal: deadline.signal }));
    await waitUntilEmpty(client, id, deadline.signal);
  },
};

/** Whether the pool is to live on: for its successor in the program, or for a resource that has taken it over. */
async function isOthers(
  client: NullspaceClient,
  id: string,
  outputs: Properties,
  context: OperationContext,
  signal: AbortSignal,
): Promise<boolean> {
  const { mark, declared, log } = context;
  if (typeof outputs.name === "string" && declared.of(mark)?.name === outputs.name) {
    log("info", `warm pool ${id} is kept: the program still has it`);
    return true;
  }
  const pool = await orGone(client.warmPools.get(id, { signal }));
  const owner = pool === undefined ? undefined : ownerOfPool(pool);
  if (owner === undefined || isOwnMark(context, owner)) return false;
  log("info", `warm pool ${id} is kept: another resource has taken it over`);
  return true;
}

/**
 * @returns the pool
 * @throws NotOwnedError when another resource has adopted it
 * @throws GoneError when it was deleted
 */
async function requireStillOwned(
  client: NullspaceClient,
  id: string,
  context: OperationContext,
  signal: AbortSignal,
): Promise<WarmPool> {
  const pool = await orGone(client.warmPools.get(id, { signal }));
  if (pool === undefined || pool.state === "deleted") throw new GoneError(`warm pool ${id}`);
  const owner = ownerOfPool(pool);
  if (owner !== undefined && !isOwnMark(context, owner)) throw adoptedAway(`warm pool ${id}`, id, owner, context);
  return pool;
}

function changesOf(oldInputs: Properties, newInputs: Properties, oldOutputs: Properties | undefined) {
  const [olds, news] = [oldInputs, newInputs].map((inputs) => withDefaults(WarmPoolInputs, inputs));
  const isSame = namesSameTemplate(olds!, news!, oldOutputs);
  const [before, after] = [followedTag(olds!), followedTag(news!)];
  const isSameTag = before === after && after !== UNKNOWN;
  return diffProperties(olds!, news!, effectsOf(WarmPoolInputs)).filter(
    ({ path: [key] }) => !(key === "template" && isSame) && !(key === "trackTag" && isSameTag),
  );
}

/** Rules between inputs, for those that are known. */
function checkTogether(result: CheckResult): CheckResult {
  const { minReady, maxReady, versionPolicy, trackTag, template } = result.inputs;
  if (typeof minReady === "number" && typeof maxReady === "number" && minReady > maxReady) {
    result.failures.push({ property: "maxReady", reason: `${maxReady} is less than minReady, ${minReady}` });
  }
  const bare = typeof template === "string" && !template.includes(":");
  if (versionPolicy === "track_tag" && trackTag === undefined && bare) {
    result.failures.push({
      property: "trackTag",
      reason:
        'versionPolicy "track_tag" needs a tag to follow: set trackTag, or write it behind the template, name:tag',
    });
  }
  return result;
}

/** The changed inputs, and whether they may bring the pool to another build. */
function changeOf({ oldInputs, oldOutputs, newInputs }: UpdateRequest): { changed: Set<string>; moves: boolean } {
  const changed = new Set(changesOf(oldInputs, newInputs, oldOutputs).map(({ path: [key] }) => key as string));
  return { changed, moves: ["template", "versionPolicy", "trackTag", "buildId"].some((key) => changed.has(key)) };
}

function promisePool(request: UpdateRequest): Properties {
  const { changed, moves } = changeOf(request);
  const { poolId, state, resolvedBuildId, rolloutGeneration } = request.oldOutputs;
  const identity = moves ? {} : { resolvedBuildId, rolloutGeneration };
  return { ...request.newInputs, poolId, ...(changed.has("enabled") ? {} : { state }), ...identity };
}

async function updatePool(request: UpdateRequest, context: OperationContext): Promise<Properties> {
  if (context.preview) return promisePool(request);
  const { id, oldInputs, newInputs } = request;
  const { changed } = changeOf(request);
  const inputs = CheckedWarmPoolInputs.parse(newInputs);
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "update", READY_TIMEOUT_MS);
  const { signal } = deadline;
  const before = await requireStillOwned(client, id, context, signal);
  // The pool is noted as that of the resource's name of today; one that was imported, as that of a resource at all.
  if (ownerOfPool(before) !== context.mark) changed.add("metadata");
  const asked = toUpdateRequest(inputs, changed, context.mark);
  const pool = Object.keys(asked).length > 0 ? await client.warmPools.update(id, asked, { signal }) : before;
  const outputs = await settle(client, pool, inputs, context, {
    id,
    echo: oldInputs,
    expectsBuild: comesToBuild(before, inputs),
    signal,
  });
  return { ...newInputs, ...outputs };
}

/** Switches the pool on or off and waits for it; what exists by then is kept when that fails. */
async function settle(
  client: NullspaceClient,
  pool: WarmPool,
  inputs: WarmPoolInputs,
  context: OperationContext,
  { id, echo, expectsBuild, signal }: { id: string; echo: Properties; expectsBuild: boolean; signal: AbortSignal },
): Promise<Partial<WarmPoolOutputs>> {
  let last = pool;
  try {
    if (inputs.enabled !== (pool.state === "enabled")) {
      last = await (inputs.enabled
        ? client.warmPools.enable(id, { signal })
        : client.warmPools.disable(id, { signal }));
    }
    if (inputs.enabled && inputs.waitForReady) {
      last = await waitForPool(client, id, { inputs, expectsBuild, signal, log: context.log }, (seen) => {
        last = seen;
      });
    }
    return toOutputs(last);
  } catch (error) {
    const state = `warm pool ${inputs.name} (${id}): ${describePool(last)}`;
    throw new PartialFailureError({
      id,
      outputs: { ...echo, ...toOutputs(last) },
      reasons: [error instanceof OperationTimeoutError ? `${state}: ${error.message}` : `${state}. ${explain(error)}`],
      cause: error,
    });
  }
}
