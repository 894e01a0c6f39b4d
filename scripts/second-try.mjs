/**
 * which test files are played once more by themselves after a gate, and what that makes of its counts.
 *
 * Beside three other suites on two processors, a browser or the Pulumi CLI can be slower than any bound that a test has use
 * for. So a file that failed is played again when nothing else runs. What passes then counts as passed, and is named with
 * what it had failed with: it stays a fault to look into. A counterexample of a property is a fault whatever a second draw
 * gives, so it is never played again; nor is anything when many files failed, or when an error came from outside of a test.
 */

/** Failed files of one suite up to which a second try makes sense. */
const FILES_AT_MOST = 3;
/** What fast-check writes above a counterexample. */
const COUNTEREXAMPLE = "Property failed after";
/** Vitest's summary of errors that came from outside of its tests. */
const OUTSIDE = /^\s*Errors\s+\d+ error/m;
/** Colours of a terminal. */
const COLOURS = /\u001b\[[0-9;]*m/g;

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * @param {any} report of vitest's reporter `json`; undefined when it wrote none
 * @returns {Counts} a file that could not be loaded counts as one failure
 */
export function countsIn(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report?.testResults ?? []) {
    const results = file.assertionResults ?? [];
    const failed = results.filter((/** @type {any} */ { status }) => status === "failed").length;
    const passed = results.filter((/** @type {any} */ { status }) => status === "passed").length;
    counts.passed += passed;
    counts.failed += failed === 0 && file.status === "failed" ? 1 : failed;
    counts.skipped += results.length - passed - failed;
  }
  return counts;
}

/**
 * @param {any} report
 * @param {string} output the end of what vitest printed
 * @returns {string[]} paths of the files, as the report names them; empty when a second try would prove nothing
 */
export function filesToTryAgain(report, output) {
  if (OUTSIDE.test(output.replace(COLOURS, ""))) return [];
  const failed = (report?.testResults ?? []).filter((/** @type {any} */ file) => file.status === "failed");
  if (failed.length > FILES_AT_MOST) return [];
  return failed.filter(isWorthIt).map((/** @type {any} */ file) => file.name);
}

/** @param {any} file */
function isWorthIt(file) {
  const messages = (file.assertionResults ?? []).flatMap((/** @type {any} */ result) => result.failureMessages ?? []);
  return !messages.some((/** @type {string} */ message) => message.includes(COUNTEREXAMPLE));
}

/**
 * @param {any} report
 * @param {readonly string[]} files
 * @returns {{ first: any, rest: any }} two reports, of these files and of all others
 */
export function apart(report, files) {
  const results = Map.groupBy(report.testResults, (/** @type {any} */ { name }) => files.includes(name));
  return { first: { testResults: results.get(true) ?? [] }, rest: { testResults: results.get(false) ?? [] } };
}
