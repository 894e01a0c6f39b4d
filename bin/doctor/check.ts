/** What one check found. `warn`: it may be wanted, and this set-up may do without. */
export interface CheckResult {
  /** Stable name, such as `docker`. */
  name: string;
  status: "ok" | "warn" | "fail";
  /** What was found. Never holds a key. */
  message: string;
  /** What to do; only when not ok. */
  advice?: string;
}

/** The result of something that worked. */
export function ok(name: string, message: string): CheckResult {
  return { name, status: "ok", message };
}
