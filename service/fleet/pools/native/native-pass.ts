import { TemplateNotFoundError } from "../../../errors.ts";
import type { Database } from "../../../store/database.ts";
import { writeIfRoom } from "../../../store/disk-room.ts";
import type { NativeGenerationRow, NativeGenerationStore } from "../../../store/native-generations.ts";
import type { PoolRow, PoolStore } from "../../../store/warm-pools.ts";
import { resolveTemplate, type ResolvedTemplate } from "../../../templates/resolve.ts";
import type { NativeBlueprint, NativePools } from "../../guests/native-pools.ts";
import { planNative, type GenerationPlan, type WantedNative } from "./plan-native.ts";
import { wantedReplicas } from "./replicas-label.ts";

/** What a pass works with. */
export interface NativePassDeps {
  readonly db: Database;
  readonly pools: PoolStore;
  readonly generations: NativeGenerationStore;
  readonly native: NativePools;
  /** Is told what changes, in words. */
  readonly onEvent: (poolId: string, line: string) => void;
}

/** What the pass before has found, and how often the host is asked. */
export interface NativePassOptions {
  readonly signal: AbortSignal;
  /** The host may be asked for whole lists; if not, what takes that is left to a later pass. */
  readonly mayList: boolean;
  /** Why it was not as it should be, as far as is known. */
  readonly failure: Error | undefined;
}

/** What a pass has found. */
export interface NativePassResult {
  /** Why it is not as it should be, and will not be by itself. */
  readonly failure: Error | undefined;
  /** Something is under way, or left to a later pass. */
  readonly isUnderWay: boolean;
  /** There is nothing of the pool on the host, and nothing is to be there. */
  readonly isOver: boolean;
}

/** What a pool wants kept for other programs. */
export function wantedNative(pool: PoolRow | undefined, isOn: boolean): WantedNative {
  const labels = pool === undefined ? {} : (JSON.parse(pool.labels) as Record<string, string>);
  const replicas = wantedReplicas(labels);
  if (pool === undefined || pool.state === "deleted" || replicas === null || !isOn)
    return { state: "gone", replicas: 0 };
  return { state: pool.state, replicas };
}

/**
 * One pass over what is kept of one pool for other programs: plan, record what is decided, then have the host do it. What a crash
 * leaves undone the next pass does, from the same records.
 *
 * @throws the errors of {@link NativePools}; what was decided is recorded then
 */
export async function passNative(
  deps: NativePassDeps,
  poolId: string,
  options: NativePassOptions,
): Promise<NativePassResult> {
  const { signal, mayList } = options;
  const { db, pools, generations, native } = deps;
  const tell = (line: string) => deps.onEvent(poolId, line);
  const pool = pools.get(poolId);
  const wanted = wantedNative(pool, native.isOn);
  if (pool !== undefined && wanted.state === "enabled") addGeneration(deps, pool, tell);
  const rows = generations.ofPool(poolId, native.place);
  const held = await heldMembers(native, wanted, rows, signal);
  const plans = db.transaction(() => {
    const planned = planNative(
      wanted,
      rows.map((row) => seen(native, row, held.get(row.generation) ?? null)),
    );
    planned.forEach((plan, index) => record(generations, rows[index]!, plan, held, tell));
    return planned;
  });
  // The oldest first: what goes makes room for what comes.
  let isUnderWay = false;
  for (const plan of plans.toReversed()) {
    const row = rows.find(({ generation }) => generation === plan.generation)!;
    if (!(await apply(deps, pool, row, plan, signal))) isUnderWay = true;
    if (!plan.isLeaving) continue;
    const isEmptied = hasLeft(native, row, wanted);
    const isOvertaken = () => !isAsBefore(pool, pools.get(poolId));
    if (isEmptied && mayList) await removeUnclaimed(deps, row, isOvertaken, tell, signal);
    // A claim may last for long: it is not asked for all the time.
    else isUnderWay = true;
  }
  const [newest] = plans;
  const left = generations.ofPool(poolId, native.place);
  const isWhole = newest === undefined || isAsPlanned(native, rows[0]!, wanted);
  const short = isWhole ? undefined : mayList ? await whyNotWhole(deps, rows[0]!, signal) : options.failure;
  const [dispute] = left.flatMap(({ objectName }) => native.disputed(objectName) ?? []);
  return {
    failure: dispute ?? short,
    isUnderWay: isUnderWay || !isWhole,
    isOver: left.length === 0 && wanted.state === "gone",
  };
}

type Tell = (line: string) => void;

/**
 * A pool has rolled to another build: that is another generation, beside those that are there. If one of them is of the same build,
 * size and placement, the pool has gone back, and that one is the newest again, with the members that it has.
 */
function addGeneration({ db, generations, native }: NativePassDeps, pool: PoolRow, tell: Tell): void {
  const { poolId, rolloutGeneration: generation, templateId, resolvedTemplate, compatibilityKey } = pool;
  const before = generations.ofPool(poolId, native.place);
  const [newest] = before;
  if ((newest?.generation ?? 0) >= generation || findTemplate(db, templateId) === undefined) return;
  const same = before.find((each) => each.compatibilityKey === compatibilityKey);
  if (same !== undefined) {
    // As any other newest one it is claimed from when half of it is ready.
    const change = { generation, resolvedTemplate, ...(same !== newest && { currentAtMs: null }) };
    if (!writeIfRoom(db, () => generations.update(same, change))) return;
    return tell(
      `goes back to ${same.objectName} of ${resolvedTemplate} for other programs, as generation ${generation}`,
    );
  }
  const { vcpus, memoryMb, diskMb, internetAccess, placement } = pool;
  const objectName = native.nameOf({ poolId, name: pool.name, generation });
  const isNoted = writeIfRoom(db, () =>
    generations.insert({
      poolId,
      generation,
      objectName,
      place: native.place,
      templateId,
      resolvedTemplate,
      vcpus,
      memoryMb,
      diskMb,
      internetAccess,
      placement,
      replicas: 0,
      provenAtMs: null,
      currentAtMs: null,
      held: null,
      createdAtMs: Date.now(),
      compatibilityKey,
    }),
  );
  if (isNoted) tell(`keeps generation ${generation} of ${resolvedTemplate} for other programs, as ${objectName}`);
}

/** Of each generation of a disabled pool, the members that it had and has still; `null` for any other pool. */
async function heldMembers(
  native: NativePools,
  { state }: WantedNative,
  rows: readonly NativeGenerationRow[],
  signal: AbortSignal,
): Promise<Map<number, readonly string[] | null>> {
  const held = new Map<number, readonly string[] | null>();
  for (const { generation, objectName, held: before } of rows) {
    if (state !== "disabled") held.set(generation, null);
    else {
      const members = await native.members(objectName, signal);
      const names = before === null ? undefined : new Set(JSON.parse(before) as string[]);
      const kept = members.filter(({ name, isReady }) => names?.has(name) ?? isReady);
      held.set(
        generation,
        kept.map(({ name }) => name),
      );
    }
  }
  return held;
}

function seen(native: NativePools, row: NativeGenerationRow, held: readonly string[] | null) {
  const { members = 0, ready = 0 } = native.observe(row.objectName) ?? {};
  return {
    generation: row.generation,
    replicas: row.replicas,
    isProven: row.provenAtMs !== null,
    wasCurrent: row.currentAtMs !== null,
    members,
    ready,
    held,
  };
}

function record(
  generations: NativeGenerationStore,
  row: NativeGenerationRow,
  plan: GenerationPlan,
  held: ReadonlyMap<number, readonly string[] | null>,
  tell: Tell,
): void {
  const { generation } = row;
  const nowMs = Date.now();
  const keeps = held.get(generation) ?? null;
  generations.update(row, {
    replicas: plan.replicas,
    held: keeps === null ? null : JSON.stringify(keeps),
    ...(plan.isProven && row.provenAtMs === null && { provenAtMs: nowMs }),
    ...(plan.isCurrent && row.currentAtMs === null && { currentAtMs: nowMs }),
  });
  if (plan.replicas !== row.replicas) {
    tell(`has ${plan.replicas} members of generation ${generation} kept for other programs`);
  }
  if (plan.isCurrent && row.currentAtMs === null) tell(`has other programs claim from generation ${generation}`);
}

async function apply(
  { db, native }: NativePassDeps,
  pool: PoolRow | undefined,
  row: NativeGenerationRow,
  plan: GenerationPlan,
  signal: AbortSignal,
): Promise<boolean> {
  const { objectName, poolId, generation, templateId, resolvedTemplate } = row;
  // What is to go is not made for that.
  if (plan.isLeaving && native.observe(objectName) === undefined) return true;
  const { replicas, isCurrent } = plan;
  const poolName = pool?.name ?? poolId;
  const blueprint = blueprintOf(db, row);
  const names = { objectName, poolId, poolName, generation, templateId, resolvedTemplate };
  return native.apply({ ...names, isCurrent, replicas, blueprint }, signal);
}

/** Whether what a pool wants is what it was. */
function isAsBefore(before: PoolRow | undefined, now: PoolRow | undefined): boolean {
  const wishOf = (pool: PoolRow | undefined) => [pool?.state, pool?.labels, pool?.rolloutGeneration].join("\n");
  return wishOf(before) === wishOf(now);
}

/** In a roll-out its members go first, one by one; when nothing is wanted any more, all go with it. */
function hasLeft(native: NativePools, { objectName }: NativeGenerationRow, { state }: WantedNative): boolean {
  const there = native.observe(objectName);
  return state === "gone" || there === undefined || (there.members === 0 && there.isSettled);
}

/** Takes a generation away, after those who have claimed from it: they still ask for it. */
async function removeUnclaimed(
  { generations, native }: NativePassDeps,
  row: NativeGenerationRow,
  isOvertaken: () => boolean,
  tell: Tell,
  signal: AbortSignal,
): Promise<void> {
  if (await native.hasClaims(row.objectName, signal)) return;
  // While the host was asked, the pool may have come to want it again.
  if (isOvertaken()) return;
  await native.remove(row.objectName, signal);
  generations.delete(row);
  tell(`keeps generation ${row.generation} no longer for other programs`);
}

function isAsPlanned(native: NativePools, { objectName }: NativeGenerationRow, wanted: WantedNative): boolean {
  return wanted.state !== "enabled" || (native.observe(objectName)?.ready ?? 0) >= wanted.replicas;
}

async function whyNotWhole(
  { db, native }: NativePassDeps,
  row: NativeGenerationRow,
  signal: AbortSignal,
): Promise<Error | undefined> {
  const blueprint = blueprintOf(db, row);
  if (blueprint !== undefined) return native.failureOf(row.objectName, blueprint, signal);
  return new TemplateNotFoundError(row.templateId, "artifact_gone");
}

/** What makes members of a generation; `undefined` when its artifact is gone. */
function blueprintOf(db: Database, row: NativeGenerationRow): NativeBlueprint | undefined {
  const artifact = findTemplate(db, row.templateId);
  if (artifact === undefined) return undefined;
  const { vcpus, memoryMb, diskMb, internetAccess, placement } = row;
  return {
    artifact,
    readiness: artifact.readiness,
    vcpus,
    memoryMb,
    ...(diskMb !== null && { diskMb }),
    internetAccess: internetAccess === 1,
    ...(placement !== null && { placement }),
  };
}

function findTemplate(db: Database, templateId: string): ResolvedTemplate | undefined {
  try {
    return resolveTemplate(db, templateId);
  } catch (error) {
    if (error instanceof TemplateNotFoundError) return undefined;
    throw error;
  }
}
