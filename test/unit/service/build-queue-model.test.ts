import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { BuildQueue } from "../../../service/builds/build-queue.ts";
import type { BuildRun, QueuedBuild } from "../../../service/builds/build-run.ts";

type Step =
  | { kind: "add"; template: number; same: number | undefined }
  | { kind: "end"; which: number; outcome: "done" | "again" }
  | { kind: "cancel"; which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      template: fc.nat(3),
      same: fc.option(fc.nat(3), { nil: undefined, freq: 2 }),
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(9),
      outcome: fc.constantFrom("done" as const, "done" as const, "again" as const),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(20) }), weight: 1 },
);

/** The queue with runs that end when the test says so, and what it must be true of it at every step. */
class Observed {
  readonly queue: BuildQueue;
  readonly builds = new Map<string, QueuedBuild>();
  /** Builds that wait, in the order they came. */
  readonly waiting: QueuedBuild[] = [];
  readonly running = new Map<BuildRun, (again: readonly QueuedBuild[]) => void>();
  readonly over = new Set<string>();
  readonly concurrency: number;

  constructor(concurrency: number) {
    this.concurrency = concurrency;
    this.queue = new BuildQueue((run) => this.#started(run), {
      concurrency,
      log: pino({ level: "silent" }),
      onJoin: (_run, buildId) => this.#leaves(buildId),
    });
  }

  add(template: number, same: number | undefined): void {
    const buildId = `tb_${this.builds.size}`;
    const build = { buildId, templateKey: template, ...(same !== undefined && { joinKey: `same ${same}` }) };
    this.builds.set(buildId, build);
    this.waiting.push(build);
    this.queue.add(build);
  }

  async end(which: number, outcome: "done" | "again"): Promise<void> {
    const [run, resolve] = [...this.running][which % Math.max(1, this.running.size)] ?? [];
    if (run === undefined || resolve === undefined) return;
    run.close();
    const again = outcome === "again" ? run.members : [];
    if (outcome === "done") for (const { buildId } of run.members) this.over.add(buildId);
    this.running.delete(run);
    this.waiting.unshift(...again);
    resolve(again);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  cancel(which: number): void {
    const buildId = `tb_${which}`;
    if (!this.builds.has(buildId) || this.over.has(buildId)) return;
    const run = [...this.running.keys()].find((one) => one.has(buildId));
    const others = run?.members.filter((one) => one.buildId !== buildId) ?? [];
    this.#leaves(buildId);
    this.over.add(buildId);
    this.queue.abort(buildId, new Error("cancelled"));
    // One that is cancelled ends a run only when it was the run's last.
    if (run !== undefined) expect(run.signal.aborted).toBe(others.length === 0);
    if (run !== undefined) expect(run.members).toEqual(others);
  }

  check(): void {
    expect(this.running.size).toBeLessThanOrEqual(this.concurrency);
    // No place is left empty while somebody waits.
    if (this.waiting.length > 0) expect(this.running.size).toBe(this.concurrency);
    const inRuns = [...this.running.keys()].flatMap((run) => run.members.map(({ buildId }) => buildId));
    expect(new Set(inRuns).size).toBe(inRuns.length);
    for (const buildId of this.builds.keys()) {
      const places = [
        this.over.has(buildId),
        inRuns.includes(buildId),
        this.waiting.some((b) => b.buildId === buildId),
      ];
      expect(places.filter(Boolean)).toHaveLength(1);
    }
    // What makes the same is one run. (One that is being given up takes nobody in any more.)
    const keys = [...this.running.keys()].filter((run) => run.isOpen).flatMap(({ joinKey }) => joinKey ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  }

  #started(run: BuildRun): Promise<readonly QueuedBuild[]> {
    const [first] = run.members as [QueuedBuild];
    const runsOf = (template: number) =>
      [...this.running.keys()].filter((one) => this.#templates.get(one) === template).length;
    const mine = runsOf(first.templateKey);
    for (const { templateKey } of this.waiting) expect(runsOf(templateKey)).toBeGreaterThanOrEqual(mine);
    // Of its own template it is the oldest.
    expect(this.waiting.find(({ templateKey }) => templateKey === first.templateKey)).toBe(first);
    this.#templates.set(run, first.templateKey);
    queueMicrotask(() => undefined);
    return new Promise((resolve) => {
      this.running.set(run, resolve);
      this.#leaves(first.buildId);
    });
  }

  /** Template whose place a run has taken. */
  readonly #templates = new Map<BuildRun, number>();

  #leaves(buildId: string): void {
    const index = this.waiting.findIndex((build) => build.buildId === buildId);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  /** Members that were taken up at the start of a run have left their rows. */
  sync(): void {
    for (const run of this.running.keys()) for (const { buildId } of run.members) this.#leaves(buildId);
  }
}

describe("the queue of builds", () => {
  it("fills its places, keeps the order of each template, is fair among them, and runs what is the same once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(step, { maxLength: 60 }),
        async (concurrency, steps) => {
          const model = new Observed(concurrency);
          for (const one of steps) {
            if (one.kind === "add") model.add(one.template, one.same);
            else if (one.kind === "end") await model.end(one.which, one.outcome);
            else model.cancel(one.which);
            model.sync();
            model.check();
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("lets one build of a template pass sixteen of another, and takes turns afterwards", async () => {
    const started: string[] = [];
    const ends: (() => void)[] = [];
    const queue = new BuildQueue(
      (run) => {
        started.push(run.members[0]!.buildId);
        return new Promise((resolve) => ends.push(() => resolve([])));
      },
      { concurrency: 1, log: pino({ level: "silent" }), onJoin: () => undefined },
    );
    for (let index = 0; index < 16; index++) queue.add({ buildId: `a${index}`, templateKey: 1 });
    queue.add({ buildId: "b0", templateKey: 2 });
    queue.add({ buildId: "b1", templateKey: 2 });
    queue.add({ buildId: "c0", templateKey: 3 });
    for (let index = 0; index < 7; index++) {
      ends[index]!();
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
    expect(started).toEqual(["a0", "a1", "b0", "c0", "a2", "b1", "a3", "a4"]);
  });

  it("ends every run when it stops, and takes nothing new", async () => {
    const signals: AbortSignal[] = [];
    const queue = new BuildQueue(
      ({ signal }) => {
        signals.push(signal);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve([])));
      },
      { concurrency: 2, log: pino({ level: "silent" }), onJoin: () => undefined },
    );
    for (const buildId of ["a", "b", "c"]) queue.add({ buildId, templateKey: 1 });
    await queue.stop(new Error("stop"));
    queue.add({ buildId: "d", templateKey: 2 });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });
});
