import { pino } from "pino";
import { describe, expect, it } from "vitest";
import {
  KEEP_SAMPLES_MS,
  PoolSampler,
  SAMPLE_AT_LEAST_EVERY_MS,
  SAMPLE_EVERY_MS,
} from "../../../service/fleet/pools/pool-sampler.ts";
import { DiskFullError } from "../../../service/errors.ts";
import { historyOf, PIECES, poolHistory } from "../../../service/page/views/pool-history.ts";
import { Database } from "../../../service/store/database.ts";
import { DiskRoom } from "../../../service/store/disk-room.ts";
import { MIGRATIONS } from "../../../service/store/migrations/index.ts";
import { poolSamples } from "../../../service/store/pool-samples.ts";
import { growPools } from "./grown-pools.ts";

const START = Date.parse("2026-03-01T12:00:00Z");
const sampler = (db: Database) =>
  new PoolSampler({ db, log: pino({ level: "silent" }), stopping: new AbortController().signal });
const all = (db: Database, pool = 1) => poolSamples(db, pool, 0, Number.MAX_SAFE_INTEGER);

function store(pools: number): Database {
  const db = new Database(":memory:");
  growPools(db, { pools, membersPerPool: 2 });
  return db;
}

describe("the sampler of the pools", () => {
  it("writes what has changed, and from time to time what has not", () => {
    const db = store(3);
    const taken = sampler(db);
    expect(taken.sample(START)).toBe(3);
    expect(taken.sample(START + SAMPLE_EVERY_MS)).toBe(0);
    db.run("UPDATE guests SET state = 'terminating' WHERE guest_id = 'gst_1_1'");
    expect(taken.sample(START + 2 * SAMPLE_EVERY_MS)).toBe(1);
    expect(all(db).map(({ ready, floor }) => [ready, floor])).toEqual([
      [2, 2],
      [1, 2],
    ]);
    expect(taken.sample(START + SAMPLE_AT_LEAST_EVERY_MS)).toBe(2);
  });

  it("goes on after a restart where it stopped, and does not write the same again", () => {
    const db = store(2);
    sampler(db).sample(START);
    expect(sampler(db).sample(START + SAMPLE_EVERY_MS)).toBe(0);
    db.run("UPDATE warm_pools SET state = 'disabled' WHERE seq = 1");
    expect(sampler(db).sample(START + 2 * SAMPLE_EVERY_MS)).toBe(1);
    expect(all(db).at(-1)).toMatchObject({ floor: 0, ready: 2 });
  });

  it("forgets what is past its time, and what a clock that was set back left in the future", () => {
    const db = store(1);
    const taken = sampler(db);
    taken.sample(START);
    taken.sample(START + KEEP_SAMPLES_MS + SAMPLE_EVERY_MS);
    expect(all(db)).toHaveLength(1);
    taken.sample(START);
    expect(all(db).map(({ atMs }) => atMs)).toEqual([START]);
    db.run("UPDATE warm_pools SET state = 'deleted'");
    taken.sample(START + KEEP_SAMPLES_MS + SAMPLE_EVERY_MS);
    expect(all(db)).toEqual([]);
  });

  it("writes nothing on a full disk, takes nothing of what is held back, and catches up when there is room", () => {
    const room = new DiskRoom("/none");
    let isFull = true;
    room.assert = () => {
      if (isFull) throw new DiskFullError("/none");
    };
    const db = new Database(":memory:", MIGRATIONS, room);
    isFull = false;
    growPools(db, { pools: 2, membersPerPool: 1 });
    isFull = true;
    const taken = sampler(db);
    expect(taken.sample(START)).toBe(0);
    expect(all(db)).toEqual([]);
    isFull = false;
    expect(taken.sample(START + SAMPLE_EVERY_MS)).toBe(2);
  });

  it("asks as much of the store for a thousand pools as for ten", () => {
    const asked = [10, 1_000].map((pools) => {
      const db = store(pools);
      const taken = sampler(db);
      taken.sample(START);
      let questions = 0;
      const { all: ask } = db;
      db.all = ((...args: Parameters<typeof ask>) => {
        questions += 1;
        return ask.apply(db, args);
      }) as typeof ask;
      expect(taken.sample(START + SAMPLE_EVERY_MS)).toBe(0);
      return questions;
    });
    expect(asked[1]).toBe(asked[0]);
  });
});

describe("the history of a pool", () => {
  const span = { hours: 6, fromMs: START, toMs: START + 6 * 3_600_000 };
  const sample = (minute: number, ready: number, more = {}) => ({
    atMs: START + minute * 60_000,
    floor: 2,
    ready,
    warming: 0,
    claimed: 0,
    ...more,
  });

  it("says the fewest that were ready in each piece of time, and how long there were fewer than the floor", () => {
    const { pieces, known } = historyOf(
      [sample(-1, 2), sample(10, 0), sample(11, 2), sample(20, 3, { claimed: 4 })],
      span,
    );
    const minutesAPiece = 360 / PIECES;
    expect(pieces[0]?.ready).toBe(2);
    expect(pieces[Math.floor(10 / minutesAPiece)]?.ready).toBe(0);
    expect(pieces[Math.floor(14 / minutesAPiece)]?.ready).toBe(2);
    expect(pieces[Math.floor(25 / minutesAPiece)]).toMatchObject({ ready: 3, claimed: 4 });
    expect(known).toMatchObject({ fewestReady: 0, mostReady: 3, mostClaimed: 4, belowFloorMs: 60_000 });
  });

  it("knows nothing of the time in which the service did not run", () => {
    const { pieces, known } = historyOf([sample(0, 2), sample(300, 2)], span);
    expect(pieces[0]).toBeDefined();
    expect(pieces[Math.floor(PIECES / 2)]).toBeUndefined();
    expect(known!.ms).toBeLessThan(60 * 60_000);
    expect(historyOf([], span).known).toBeUndefined();
  });

  it("begins with the sample before it", () => {
    const db = store(1);
    const taken = sampler(db);
    taken.sample(START - 5 * 60_000);
    taken.sample(START);
    expect(poolHistory(db, 1, 6, START + 6 * 3_600_000 + 60_000).pieces[0]?.ready).toBe(2);
  });
});
