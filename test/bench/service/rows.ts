/** What every part of the benchmark needs. */
export interface BenchOptions {
  /** Image that is on the engine. */
  base: string;
  /** The docker command. */
  docker: string;
  rounds: number;
  /** Of the run, on the disk that the service writes to. */
  folder: string;
}

/** One line of a report. */
export interface Row {
  name: string;
  ms: number;
  /** Not more than so many milliseconds, or so many times (and so many milliseconds beside) another row. */
  target?: { ms: number } | { times: number; of: string; andMs?: number };
}

/** Prints rows with what was wanted of them. */
export function report(title: string, rows: readonly Row[]): void {
  console.log(title);
  for (const { name, ms, target } of rows) {
    console.log(`  ${ms.toFixed(1).padStart(9)} ms  ${name}${target === undefined ? "" : verdict(ms, target, rows)}`);
  }
}

function verdict(ms: number, target: NonNullable<Row["target"]>, rows: readonly Row[]): string {
  if ("ms" in target) return `  (target ${target.ms} ms: ${met(ms <= target.ms)})`;
  const other = rows.find(({ name }) => name === target.of)?.ms ?? Number.NaN;
  const wanted = `${target.times.toFixed(2)} x ${target.of}${target.andMs === undefined ? "" : ` and ${target.andMs} ms`}`;
  return `  ${(ms / other).toFixed(2)} x (target ${wanted}: ${met(ms <= target.times * other + (target.andMs ?? 0))})`;
}

function met(is: boolean): string {
  return is ? "met" : "missed";
}
