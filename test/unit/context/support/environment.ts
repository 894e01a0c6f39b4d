import { existsSync } from "node:fs";

/** A tool that the set-up provides. Without it these tests would prove nothing, so its absence is a failure, not a skip. */
export function requiredTool(variable: "NULLSPACE_DOCKER_CLI" | "NULLSPACE_PYTHON", what: string): string {
  const path = process.env[variable];
  if (path && existsSync(path)) return path;
  throw new Error(
    `${variable} must name ${what}; \`npm test\` provides it through scripts/setup.mjs. It is ${path ?? "not set"}.`,
  );
}

/** Random cases a run: few by default, `NULLSPACE_ORACLE_CASES` for thousands. */
export function oracleCases(byDefault: number): number {
  return Number(process.env.NULLSPACE_ORACLE_CASES ?? byDefault);
}

/** Seed of the random cases; `NULLSPACE_ORACLE_SEED` runs others. */
export function oracleSeed(): number {
  return Number(process.env.NULLSPACE_ORACLE_SEED ?? 20_261_122);
}
