import type { Report } from "./report.ts";

/** What a caller may want to stop at. */
export const FAIL_ON = ["replace", "delete", "rebuild"] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** Those of the asked-for conditions that the report meets. What only may happen counts: the question is one of safety. */
export function metConditions(report: Report, asked: readonly FailOn[]): FailOn[] {
  const met = new Set<string>(report.stacks.flatMap(actionsOf));
  return FAIL_ON.filter((condition) => asked.includes(condition) && met.has(condition));
}

function actionsOf({ templates, tags, aliases, pools, others }: Report["stacks"][number]): string[] {
  const own = [...templates, ...tags, ...aliases, ...pools];
  const possible = own.some(({ mayBeReplaced }) => mayBeReplaced) ? ["replace"] : [];
  return [...own.map(({ action }) => action), ...possible, ...others.map(({ op }) => op)];
}
