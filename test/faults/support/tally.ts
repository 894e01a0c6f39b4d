import { appendFileSync } from "node:fs";

/** What a fault has cost. */
export class Tally {
  readonly name: string;
  faults = 0;
  /** Calls that were answered with success. */
  acknowledged = 0;
  /** What was acknowledged and is not there. */
  readonly lost: string[] = [];
  /** What was asked for once and is there twice. */
  readonly doubled: string[] = [];
  /** Containers and images on the engine that no record knows, and records without their container. */
  readonly orphans: string[] = [];
  /** What SQLite finds wrong with the store. */
  readonly damage: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** All that must be empty. */
  get harm(): Record<string, readonly string[]> {
    const { lost, doubled, orphans, damage } = this;
    return { lost, doubled, orphans, damage };
  }

  /** Hands the counts to `npm run faults`, which prints them as its last table. */
  report(): void {
    const file = process.env.NULLSPACE_FAULTS_COUNTS;
    if (file === undefined) return;
    const { name, faults, acknowledged, lost, doubled, orphans, damage } = this;
    const row = {
      subject: name,
      faults,
      acknowledged,
      lost: lost.length,
      doubled: doubled.length,
      orphans: orphans.length,
      integrity: damage.length === 0 ? "ok" : `${damage.length} faults`,
    };
    appendFileSync(file, `${JSON.stringify(row)}\n`);
  }
}

/** Nothing lost, nothing double, no orphan, no damage. */
export const NO_HARM = { lost: [], doubled: [], orphans: [], damage: [] };
