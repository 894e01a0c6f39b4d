import { KEEP_SAMPLES_MS, SAMPLE_AT_LEAST_EVERY_MS, SAMPLE_EVERY_MS } from "../../fleet/pools/pool-sampler.ts";
import type { Database } from "../../store/database.ts";
import { poolSamples, type PoolSample } from "../../store/pool-samples.ts";

const HOUR_MS = 60 * 60_000;

/** How far back one can look. */
export const HISTORY_HOURS = [1, 6, 24, KEEP_SAMPLES_MS / HOUR_MS] as const;
export const DEFAULT_HISTORY_HOURS = 6;

/** Pieces of the time that is shown: as many as can be told apart. */
export const PIECES = 240;

/** A piece of time: the fewest that were ready in it, and the most of the others. */
export interface HistoryPiece {
  floor: number;
  ready: number;
  warming: number;
  claimed: number;
}

/** Members of a pool over the last hours. */
export interface PoolHistory {
  hours: number;
  fromMs: number;
  toMs: number;
  /** One after the other, all as long; `undefined`: nothing is known of it (the service did not run, or the pool was not there). */
  pieces: (HistoryPiece | undefined)[];
  /** Of the time of which something is known. */
  known: { fewestReady: number; mostReady: number; mostClaimed: number; belowFloorMs: number; ms: number } | undefined;
}

/** A sample is good until the next one, or until one should have come. */
const GOOD_FOR_MS = SAMPLE_AT_LEAST_EVERY_MS + 2 * SAMPLE_EVERY_MS;

/** How many members a pool had over the last hours, as its samples say. */
export function poolHistory(db: Database, poolSeq: number, hours: number, nowMs: number): PoolHistory {
  const fromMs = nowMs - hours * HOUR_MS;
  const samples = poolSamples(db, poolSeq, fromMs, nowMs);
  return historyOf(samples, { hours, fromMs, toMs: nowMs });
}

/** The same from samples, oldest first. */
export function historyOf(
  samples: readonly PoolSample[],
  { hours, fromMs, toMs }: { hours: number; fromMs: number; toMs: number },
): PoolHistory {
  const pieces: (HistoryPiece | undefined)[] = Array.from({ length: PIECES }, () => undefined);
  const pieceMs = (toMs - fromMs) / PIECES;
  let known: PoolHistory["known"];
  for (const [index, sample] of samples.entries()) {
    const start = Math.max(fromMs, sample.atMs);
    const end = Math.min(samples[index + 1]?.atMs ?? toMs, sample.atMs + GOOD_FOR_MS, toMs);
    if (end < start) continue;
    const first = Math.min(PIECES - 1, Math.floor((start - fromMs) / pieceMs));
    const last = Math.min(PIECES - 1, Math.max(first, Math.ceil((end - fromMs) / pieceMs) - 1));
    for (let n = first; n <= last; n++) pieces[n] = joined(pieces[n], sample);
    const short = sample.ready < sample.floor ? end - start : 0;
    known = {
      fewestReady: Math.min(known?.fewestReady ?? Infinity, sample.ready),
      mostReady: Math.max(known?.mostReady ?? 0, sample.ready),
      mostClaimed: Math.max(known?.mostClaimed ?? 0, sample.claimed),
      belowFloorMs: (known?.belowFloorMs ?? 0) + short,
      ms: (known?.ms ?? 0) + end - start,
    };
  }
  return { hours, fromMs, toMs, pieces, known };
}

function joined(piece: HistoryPiece | undefined, { floor, ready, warming, claimed }: PoolSample): HistoryPiece {
  if (piece === undefined) return { floor, ready, warming, claimed };
  return {
    floor: Math.max(piece.floor, floor),
    ready: Math.min(piece.ready, ready),
    warming: Math.max(piece.warming, warming),
    claimed: Math.max(piece.claimed, claimed),
  };
}
