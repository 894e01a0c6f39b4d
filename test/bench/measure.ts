import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DockerEngine } from "../../sdk/docker/index.ts";
import { INSTANCE_LABEL } from "../../service/labels.ts";

/** How long the work takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** @param part 0 the smallest, 0.5 the median, 1 the largest */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * Measures all in turns, so that what else the machine does meets all of them. The first turn does not count.
 *
 * @param contestants each answers with its milliseconds
 */
export async function inTurns(
  contestants: Record<string, () => Promise<number>>,
  rounds: number,
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  for (let round = 0; round <= rounds; round++) {
    for (const [name, contestant] of Object.entries(contestants)) {
      const ms = await contestant();
      if (round > 0) (times[name] ??= []).push(ms);
    }
  }
  return times;
}

/** Removes the images that a service has built. @param dataDir of the service, which has ended */
export async function removeBuiltImages(dataDir: string): Promise<void> {
  const instance = (await readFile(join(dataDir, "instance-id"), "utf8")).trim();
  const engine = new DockerEngine();
  const made = await engine.images.list({ filters: { label: [`${INSTANCE_LABEL}=${instance}`] } });
  for (const { Id } of made) await engine.images.remove(Id, { force: true });
  await engine.close();
}
