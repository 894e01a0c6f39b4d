/**
 * which test files are played once more by themselves after a gate, and what that makes of its counts.
 *
 * Beside three other suites on two processors, a browser or the Pulumi CLI can be slower than any bound that a test has use
 * for. So a file that failed is played again when nothing else runs. What passes then counts as passed, and is named with
 * what it had failed with: it stays a fault to look into. Passed has to be each test that failed: one that is skipped or is not
 * there any more proves nothing. What was drawn by chance (a counterexample of a property, the harm that a kill has done) is a
 * fault whatever a second draw gives, so it is never played again; nor is anything when many files failed, or when an error
 * came from outside of a test.
 */

/** Failed files of one suite up to which a second try makes sense. */
const FILES_AT_MOST = 3;
/** What fast-check writes above a counterexample, and what tests that draw by themselves say of what they found. */
const DRAWN = /Property failed after|\bof seed \d/;
/** Vitest's summary of errors that came from outside of its tests. */
const OUTSIDE = /^\s*Errors\s+\d+ error/;
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
 * Whether vitest says in a line that errors came from outside of its tests.
 *
 * @param {string} line of what it prints
 */
export function saysOutside(line) {
  return OUTSIDE.test(line.replace(COLOURS, ""));
}

/**
 * @param {any} report
 * @param {boolean} isOutside whether an error came from outside of a test
 * @returns {string[]} paths of the files, as the report names them; empty when a second try would prove nothing
 */
export function filesToTryAgain(report, isOutside) {
  if (isOutside) return [];
  const failed = (report?.testResults ?? []).filter((/** @type {any} */ file) => file.status === "failed");
  if (failed.length > FILES_AT_MOST) return [];
  return failed.filter(isWorthIt).map((/** @type {any} */ file) => file.name);
}

/** @param {any} file */
function isWorthIt(file) {
  const messages = (file.assertionResults ?? []).flatMap((/** @type {any} */ result) => result.failureMessages ?? []);
  // A hook that fails, or a file that cannot be loaded, is told of the file alone.
  return ![...messages, String(file.message ?? "")].some((message) => DRAWN.test(message));
}

/**
 * What failed in files and has not passed when they were played again: skipped, or not there any more.
 *
 * @param {any} first report of these files
 * @param {any} again their second report
 * @returns {string[]} names; of a file that failed without a test, its own
 */
export function notMadeGood(first, again) {
  const passed = new Set(namesIn(again, "passed"));
  return (first?.testResults ?? []).flatMap((/** @type {any} */ file) => {
    const failed = namesIn({ testResults: [file] }, "failed");
    if (failed.length > 0) return failed.filter((name) => !passed.has(name));
    // None of its tests had failed, as the file could not be loaded or a hook failed: something has to run now.
    const now = (again?.testResults ?? []).find((/** @type {any} */ { name }) => name === file.name);
    const isGood = now?.status === "passed" && namesIn({ testResults: [now] }, "passed").length > 0;
    return isGood ? [] : [file.name];
  });
}

/**
 * @param {any} report
 * @param {string} wanted status
 * @returns {string[]} tests of that status, each with its file
 */
function namesIn(report, wanted) {
  return (report?.testResults ?? []).flatMap((/** @type {any} */ { name, assertionResults }) =>
    (assertionResults ?? [])
      .filter((/** @type {any} */ { status }) => status === wanted)
      .map((/** @type {any} */ { fullName }) => `${name} > ${fullName}`),
  );
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
