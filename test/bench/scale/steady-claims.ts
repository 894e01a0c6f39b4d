import { setTimeout as sleep } from "node:timers/promises";

/** How claims went. */
export interface ClaimReport {
  /** Milliseconds of each claim that was answered with a machine, in no order. */
  readonly tookMs: number[];
  /** Codes of claims that were refused or failed, with how often. */
  readonly refused: Map<string, number>;
  /** How late the latest claim was sent: more than some milliseconds say that the machine was too busy to measure. */
  readonly latestMs: number;
}

/**
 * Sends claims at a rate, whether or not the ones before were answered: a slow answer does not make the next one late.
 *
 * @param claim takes one, the number given, and answers when it has it
 */
export async function claimSteadily(
  { perSecond, seconds }: { perSecond: number; seconds: number },
  claim: (index: number) => Promise<void>,
): Promise<ClaimReport> {
  const tookMs: number[] = [];
  const refused = new Map<string, number>();
  const underWay: Promise<void>[] = [];
  let latestMs = 0;
  const startedMs = performance.now();
  for (let index = 0; index < perSecond * seconds; index++) {
    const dueMs = startedMs + (index * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    latestMs = Math.max(latestMs, performance.now() - dueMs);
    underWay.push(
      claim(index).then(
        () => void tookMs.push(performance.now() - dueMs),
        (error: unknown) => {
          const code = (error as { code?: string }).code ?? (error as Error).name;
          refused.set(code, (refused.get(code) ?? 0) + 1);
        },
      ),
    );
  }
  await Promise.all(underWay);
  return { tookMs, refused, latestMs };
}
