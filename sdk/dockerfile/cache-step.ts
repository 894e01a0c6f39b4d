import type { ContextSource } from "./context-source.ts";
import { UNTOLD } from "./expand-word.ts";
import type { Instruction } from "./parse-dockerfile.ts";

/** A step of a build that the builder keeps in its cache, and all that its place in the cache depends on. */
export interface CacheStep {
  readonly instruction: Instruction;
  /** The step that it builds upon; `undefined` on top of nothing. */
  readonly parent: CacheStep | undefined;
  /** `--link`: what it makes does not depend on the step before. */
  readonly isLinked?: boolean;
  /** Where one differs, so does the step. */
  readonly facts: ReadonlyMap<string, string>;
  /** Where one differs, the step may still be the same: the builder compares what is behind a name. */
  readonly names: ReadonlyMap<string, string>;
  /** Last steps of the stages that it takes files from. The builder compares these files, not where they come from. */
  readonly stages: readonly (CacheStep | undefined)[];
  readonly sources: readonly ContextSource[];
  /** It holds something that cannot be judged. */
  readonly isUnclear?: boolean;
}

/** Whether the builder finds one of two steps in its cache when it has made the other. Files of the context are apart. */
export type Likeness = "same" | "different" | "unsure";

/** @returns a comparison that remembers what it has compared */
export function stepComparison(): (a: CacheStep, b: CacheStep) => Likeness {
  const known = new Map<CacheStep, Map<CacheStep, Likeness>>();
  const compare = (a: CacheStep, b: CacheStep): Likeness => {
    const row = known.get(a) ?? new Map<CacheStep, Likeness>();
    known.set(a, row);
    const likeness = row.get(b) ?? compareSteps(a, b, compare);
    row.set(b, likeness);
    return likeness;
  };
  return compare;
}

function compareSteps(a: CacheStep, b: CacheStep, compare: (a: CacheStep, b: CacheStep) => Likeness): Likeness {
  if (a.instruction.keyword !== b.instruction.keyword) return "different";
  if (a.isUnclear || b.isUnclear) return "unsure";
  const ofFacts = compareTexts(a.facts, b.facts);
  if (ofFacts === "different") return ofFacts;
  const ofParents = compareOptional(a.parent, b.parent, compare);
  const ofStages = a.stages.map((stage, index) => compareOptional(stage, b.stages[index], compare));
  return together([
    ofFacts,
    a.isLinked ? weakened(ofParents) : ofParents,
    weakened(compareTexts(a.names, b.names)),
    ...ofStages.map(weakened),
    a.stages.length === b.stages.length ? "same" : "unsure",
  ]);
}

function compareOptional(
  a: CacheStep | undefined,
  b: CacheStep | undefined,
  compare: (a: CacheStep, b: CacheStep) => Likeness,
): Likeness {
  if (a && b) return compare(a, b);
  return a === b ? "same" : "different";
}

function compareTexts(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): Likeness {
  const keys = new Set([...a.keys(), ...b.keys()]);
  return together([...keys].map((key) => compareText(a.get(key), b.get(key))));
}

function compareText(a: string | undefined, b: string | undefined): Likeness {
  if (a === b) return "same";
  return a?.includes(UNTOLD) || b?.includes(UNTOLD) ? "unsure" : "different";
}

function weakened(likeness: Likeness): Likeness {
  return likeness === "different" ? "unsure" : likeness;
}

function together(all: readonly Likeness[]): Likeness {
  if (all.includes("different")) return "different";
  return all.includes("unsure") ? "unsure" : "same";
}
