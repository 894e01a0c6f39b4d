/** Inputs or outputs of a resource, as the engine keeps them. Unknown ones are `UNKNOWN`, absent ones are left out. */
export type Properties = Record<string, unknown>;

/** One input that is not right. */
export interface CheckFailure {
  /** Path of the input, such as `readiness.port`; `""` for the resource as a whole. */
  property: string;
  /** What is wrong, and what to do. */
  reason: string;
}

/** What Check answers. */
export interface CheckResult {
  /** The program's inputs with defaults and computed ones filled in. */
  inputs: Properties;
  failures: CheckFailure[];
}
