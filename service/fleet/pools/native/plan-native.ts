/** One generation as the store knows it and the host shows it. */
export interface SeenGeneration {
  readonly generation: number;
  /** Members that were decided on last. */
  readonly replicas: number;
  /** A member of it has been ready before. */
  readonly isProven: boolean;
  /** It has been the one to claim from. */
  readonly wasCurrent: boolean;
  /** Members that nobody has claimed. */
  readonly members: number;
  readonly ready: number;
  /** Those that a disabled pool keeps, as far as they are still there; `null`: it is not held yet. */
  readonly held: readonly string[] | null;
}

/** What a pool wants of what is kept for other programs. */
export interface WantedNative {
  /** `gone`: the pool is deleted, or wants no such thing any more. */
  readonly state: "enabled" | "disabled" | "draining" | "gone";
  /** Members to have; 0 when `gone`. */
  readonly replicas: number;
}

/** What to do with one generation. */
export interface GenerationPlan {
  readonly generation: number;
  readonly replicas: number;
  readonly isCurrent: boolean;
  readonly isProven: boolean;
  /** It goes as soon as nobody has a claim on it. */
  readonly isLeaving: boolean;
}

/** Members that a roll-out has at most beside those that the pool wants: a quarter, as a Deployment has. */
export function surgeOf(replicas: number): number {
  return Math.max(1, Math.ceil(replicas / 4));
}

/**
 * Decides how many members each generation has. Pure, and a function of the level, as `planPool` is.
 *
 * Rules
 * - The newest generation grows while those before keep what they have; they shrink by as many as it has ready. All together have
 *   at most `surgeOf` members more than are wanted.
 * - An earlier generation never grows. One that never had a ready member goes at once when another follows it; of the others
 *   the latest keeps most.
 * - Those before leave when the newest has as many ready members as are wanted; until then they stay, for ever if need be.
 * - The newest is the one to claim from as soon as half of it is ready, and then stays so.
 * - A disabled pool keeps the members that it had, and none that are made in place of those that go. One that drains keeps none.
 *
 * @param seen newest first; the first is the one that the pool is at
 */
export function planNative(wanted: WantedNative, seen: readonly SeenGeneration[]): GenerationPlan[] {
  if (wanted.state === "enabled") return planEnabled(wanted.replicas, seen);
  return seen.map((each) => ({
    generation: each.generation,
    replicas: wanted.state === "disabled" ? (each.held?.length ?? Math.min(each.replicas, each.ready)) : 0,
    isCurrent: false,
    isProven: isProven(each),
    isLeaving: wanted.state === "gone",
  }));
}

function planEnabled(replicas: number, [newest, ...before]: readonly SeenGeneration[]): GenerationPlan[] {
  if (newest === undefined) return [];
  const isWhole = newest.ready >= replicas;
  let missing = Math.max(0, replicas - newest.ready);
  const kept = before.map((each) => {
    const keeps = isProven(each) ? Math.min(each.replicas, missing) : 0;
    missing -= keeps;
    return { each, keeps };
  });
  // What is told to go counts until it has gone.
  const others = kept.reduce((sum, { each, keeps }) => sum + Math.max(keeps, each.members), 0);
  const room = replicas + surgeOf(replicas) - others;
  // Never below what it has: a surge that others take away for a moment ends no member that is wanted.
  const has = Math.min(replicas, newest.ready);
  const current = currentOf(replicas, newest, before);
  return [
    {
      generation: newest.generation,
      replicas: Math.max(has, Math.min(replicas, room)),
      isCurrent: current === newest,
      isProven: isProven(newest),
      isLeaving: false,
    },
    ...kept.map(({ each, keeps }) => ({
      generation: each.generation,
      replicas: keeps,
      isCurrent: current === each,
      isProven: isProven(each),
      isLeaving: isWhole || !isProven(each),
    })),
  ];
}

function currentOf(replicas: number, newest: SeenGeneration, before: readonly SeenGeneration[]): SeenGeneration {
  if (newest.wasCurrent || newest.ready * 2 >= Math.max(1, replicas) || replicas === 0) return newest;
  return before.find((each) => each.wasCurrent) ?? before.find(isProven) ?? newest;
}

function isProven(each: SeenGeneration): boolean {
  return each.isProven || each.ready > 0;
}
