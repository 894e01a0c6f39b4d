import { TransportError, type NullspaceClient } from "../../../sdk/client/index.ts";
import { formatTemplateRef, parseTemplateRef, type WarmPool } from "../../../sdk/wire/index.ts";
import { pause } from "../../../sdk/concurrency/index.ts";
import type { Log } from "../operation-context.ts";
import { isLostAnswer, orGone } from "../service-errors.ts";
import type { WarmPoolInputs } from "./inputs.ts";
import { templateRefOf } from "./pool-request.ts";

const POLL_INTERVAL_MS = 500;
/** How long a service may be away while it is waited for. */
const PATIENCE_MS = 60_000;

export interface WaitOptions {
  inputs: WarmPoolInputs;
  /** The pool must come to the build that its template means now: see `comesToBuild`. */
  expectsBuild: boolean;
  signal: AbortSignal;
  log: Log;
}

/**
 * Waits until the pool holds `minReady` ready machines of the build that it should have, and none of the one before.
 *
 * @throws the signal's reason when that does not come about in time; `describePool` says how far it came
 */
export async function waitForPool(
  client: NullspaceClient,
  id: string,
  { inputs, expectsBuild, signal, log }: WaitOptions,
  seen: (pool: WarmPool) => void,
): Promise<WarmPool> {
  let wanted = expectsBuild ? await resolveBuild(client, inputs, signal) : undefined;
  let shown = "";
  for (;;) {
    const pool = await patiently(() => client.warmPools.get(id, { signal }), signal);
    seen(pool);
    const resolved = pool.resolved_template_build_id ?? undefined;
    // The tag may have moved on while we wait; a pool that follows it is right.
    if (wanted !== undefined && resolved !== wanted) wanted = await resolveBuild(client, inputs, signal);
    if ((wanted === undefined || resolved === wanted) && isRolledOut(pool, inputs)) return pool;
    const status = describePool(pool);
    if (status !== shown) log("info", status, { ephemeral: true });
    shown = status;
    await pause(POLL_INTERVAL_MS, signal);
  }
}

/** Asks again for a while when the service is away: it may be started again. */
async function patiently<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof TransportError || isLostAnswer(error);
      if (!isAway || signal.aborted || Date.now() >= until) throw error;
      await pause(POLL_INTERVAL_MS, signal);
    }
  }
}

/**
 * Does the pool come to the build that its template means now? It does when it is new, when its ref changed, or when it follows
 * a tag. A pinned one whose ref is the same stays with the build that it has, wherever the tag in the ref points by now.
 *
 * @param before the pool as it was; undefined for a new one
 */
export function comesToBuild(before: WarmPool | undefined, inputs: WarmPoolInputs): boolean {
  return before === undefined || inputs.versionPolicy === "track_tag" || before.template_ref !== templateRefOf(inputs);
}

/** Has the pool done what its row asks for? */
function isRolledOut(pool: WarmPool, { minReady }: WarmPoolInputs): boolean {
  const observed = pool.rollout_status?.rollout_generation;
  if (observed !== undefined && pool.rollout_generation != null && observed < pool.rollout_generation) return false;
  return pool.status.ready >= minReady && (pool.rollout_status?.old_ready_or_warming ?? 0) === 0;
}

/** How far the pool is, in one line. */
export function describePool(pool: WarmPool): string {
  const { ready, warming, failed } = pool.status;
  const why = pool.degraded_reason == null ? "" : `; held up by ${pool.degraded_reason}`;
  const old = pool.rollout_status?.old_ready_or_warming ?? 0;
  return (
    `${ready} of ${pool.min_ready} machines ready, ${warming} warming` +
    (failed > 0 ? `, ${failed} failed` : "") +
    (old > 0 ? `, ${old} of the previous build` : "") +
    why
  );
}

/** Build that the pool's template means now; undefined where the service does not say, as for built-in ones. */
async function resolveBuild(
  client: NullspaceClient,
  inputs: WarmPoolInputs,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { versionPolicy, trackTag } = inputs;
  const template = templateRefOf(inputs);
  const ref = parseTemplateRef(template);
  if (ref.kind === "artifact") return undefined;
  if (ref.buildId !== undefined) return ref.buildId;
  const bare = formatTemplateRef({
    kind: "name",
    name: ref.name,
    ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
  });
  const info = await orGone(client.templates.get(template, { signal }));
  if (info === undefined || info.builtin) return undefined;
  const tag = (versionPolicy === "track_tag" ? trackTag : undefined) ?? ref.tag ?? info.default_tag ?? "default";
  const tags = await client.templates.listTags(bare, { signal });
  return tags.find((candidate) => candidate.tag === tag)?.build_id;
}

/** Waits until a deleted pool has let its members go. Machines that were checked out live on and are not waited for. */
export async function waitUntilEmpty(client: NullspaceClient, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const pool = await patiently(() => orGone(client.warmPools.get(id, { signal })), signal);
    if (pool === undefined) return;
    const { ready, warming, draining } = pool.status;
    if (ready + warming + draining === 0) return;
    await pause(POLL_INTERVAL_MS, signal);
  }
}
