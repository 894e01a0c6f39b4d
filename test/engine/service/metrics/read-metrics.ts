import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("read-metrics.py", import.meta.url));

/** A metric as Prometheus' own Python parser reads it. */
export interface MetricFamily {
  /** Without the `_total` of counters. */
  name: string;
  type: string;
  help: string;
  samples: { name: string; labels: Record<string, string>; value: string }[];
}

/** What a scrape says. */
export class Scrape {
  readonly families: readonly MetricFamily[];

  constructor(text: string) {
    const python = process.env.NULLSPACE_PYTHON;
    if (!python) throw new Error("NULLSPACE_PYTHON is not set; scripts/setup.mjs says how");
    this.families = JSON.parse(execFileSync(python, [SCRIPT], { input: text, encoding: "utf8" })) as MetricFamily[];
  }

  /** Names as queries spell them, those of a histogram's series included. */
  get names(): ReadonlySet<string> {
    const names = this.families.flatMap(({ name, type, samples }) => [
      type === "counter" ? `${name}_total` : name,
      ...samples.map((sample) => sample.name),
    ]);
    return new Set(names);
  }

  /** Value of the one sample that has these labels, among others. `undefined`: there is none. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.families
      .flatMap(({ samples }) => samples)
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
    if (found.length > 1) throw new Error(`${name}${JSON.stringify(labels)} is ${found.length} samples`);
    return found[0] === undefined ? undefined : Number(found[0].value);
  }
}
