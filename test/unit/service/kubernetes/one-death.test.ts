import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { SANDBOXES } from "../../../../service/drivers/kubernetes/guest-kinds.ts";
import { podName } from "../../../../service/drivers/kubernetes/guest-labels.ts";
import { GuestPods } from "../../../../service/drivers/kubernetes/guest-pods.ts";
import { watchGuests } from "../../../../service/drivers/kubernetes/watch-guests.ts";
import { LIVES, shortLife } from "./guest-lives.ts";
import { ToldCluster, type ListKind } from "./told-cluster.ts";

/** What is next: the next thing happens to a guest, is told of a list, or a list's watch ends. */
type Step =
  | { readonly does: "happen"; readonly guest: number }
  | { readonly does: "tell" | "expire" | "break"; readonly list: ListKind };

/** A cluster, and who follows it. */
interface Story {
  /** A life of each guest. */
  readonly lives: readonly string[];
  /** What has happened before anybody follows. */
  readonly before: readonly number[];
  /** Whether somebody else follows the pods all the time. */
  readonly isFollowed: boolean;
  readonly steps: readonly Step[];
}

const soon = { timeout: 30_000, interval: 1 };
const LISTS: readonly ListKind[] = ["pods", "sandboxes"];
const list = fc.constantFrom<ListKind>("pods", "sandboxes");
const guest = fc.nat({ max: 3 });
const story: fc.Arbitrary<Story> = fc.record({
  lives: fc.array(fc.constantFrom(...Object.keys(LIVES)), { minLength: 1, maxLength: 4 }),
  before: fc.array(guest, { maxLength: 12 }),
  isFollowed: fc.boolean(),
  steps: fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.record({ does: fc.constant("happen" as const), guest }) },
      { weight: 20, arbitrary: fc.record({ does: fc.constant("tell" as const), list }) },
      { weight: 1, arbitrary: fc.record({ does: fc.constantFrom("expire" as const, "break" as const), list }) },
    ),
    { maxLength: 60 },
  ),
});

/** What came of a story for a guest: how often it was told to have died, and what may be expected. */
interface Outcome {
  readonly name: string;
  readonly deaths: number;
  readonly expected: readonly number[];
}

async function play({ lives, before, isFollowed, steps }: Story): Promise<Outcome[]> {
  const cluster = new ToldCluster();
  const guests = lives.map((name, index) => {
    const guestId = `gst_${index}`;
    const { dies, changes } = LIVES[name]!;
    return { guestId, name, dies, left: [...changes(guestId)], happened: 0, happenedBefore: 0 };
  });
  const happen = (index: number) => {
    const each = guests[index];
    const change = each?.left.shift();
    if (each === undefined || change === undefined) return;
    cluster.happen(change);
    each.happened += 1;
  };
  for (const index of before) happen(index);
  for (const each of guests) each.happenedBefore = each.happened;

  const hasSandboxes = { get: async () => ({ kind: SANDBOXES, hasSandboxes: true }) };
  const pods = new GuestPods(cluster.client, "default", "i", hasSandboxes);
  const stop = new AbortController();
  const told: string[] = [];
  const state = { isOpen: false, silences: 0 };
  using _other = isFollowed ? pods.listen(() => undefined) : undefined;
  if (isFollowed) await vi.waitFor(() => expect(pods.isKnown).toBe(true), soon);
  const following = (async () => {
    while (!stop.signal.aborted) {
      try {
        const onOpen = () => (state.isOpen = true);
        for await (const { guestId } of watchGuests(pods, stop.signal, onOpen)) told.push(guestId);
      } catch {
        if (!stop.signal.aborted) state.silences += 1;
      }
      state.isOpen = false;
      await nextTurn();
    }
  })();
  const untilOpen = () => vi.waitFor(() => expect([state.isOpen, pods.isKnown]).toEqual([true, true]), soon);
  const tellAll = async () => {
    for (const each of LISTS) while (await cluster.tellNext(each));
  };
  try {
    await untilOpen();
    for (const step of steps) {
      if (step.does === "happen") happen(step.guest);
      else if (step.does === "tell") await cluster.tellNext(step.list);
      else if (step.does === "expire") await cluster.expire(step.list);
      else await cluster.breakOff(step.list);
    }
    for (const [index, { left }] of guests.entries()) while (left.length > 0) happen(index);
    await untilOpen();
    await tellAll();
    await untilOpen();
    // Told last in each list: once both are known, so is all that came before.
    for (const each of LISTS) for (const change of shortLife(`last_${each}`, each)) cluster.happen(change);
    await tellAll();
    await vi.waitFor(() => expect(told).toEqual(expect.arrayContaining(["last_pods", "last_sandboxes"])), soon);
  } finally {
    stop.abort();
    await following;
  }
  return guests.map(({ guestId, name, dies, happenedBefore }) => {
    const deaths = told.filter((each) => each === guestId).length;
    if (dies === undefined || happenedBefore > dies[1]) return { name, deaths, expected: [0] };
    const isShown = cluster.hasShown(name.includes("bare") ? "pods" : "sandboxes", podName(guestId));
    const isCertain = happenedBefore <= dies[0] && state.silences === 0 && isShown;
    return { name, deaths, expected: isCertain ? [1] : [0, 1] };
  });
}

it("a guest's death is told once, in whatever order two lists tell of it, and through lists anew and silences", async () => {
  await fc.assert(
    // Several at a time, as each waits for its watches to begin again.
    fc.asyncProperty(fc.array(story, { minLength: 1, maxLength: 8 }), async (stories) => {
      const outcomes = await Promise.all(stories.map(play));
      for (const outcome of outcomes.flat())
        expect(outcome.expected, JSON.stringify(outcome)).toContain(outcome.deaths);
    }),
    { numRuns: 100 },
  );
});
