/**
 * what failed, in the words that the end of a long output needs: by name, with the first lines of its message.
 */

/** Lines of a failure's message that are shown: the assertion, what was expected, and the place. */
const MESSAGE_LINES = 40;
/** Lines of an output that are shown where nothing in it is named as failed. */
export const LAST_LINES = 40;

/**
 * @param {any} report of vitest's reporter `json`; undefined when it wrote none
 * @returns {string[]} one text a failed test, or a file that could not be loaded; empty when the report names none
 */
export function failuresIn(report) {
  /** @type {string[]} */
  const failures = [];
  for (const file of report?.testResults ?? []) {
    const failed = (file.assertionResults ?? []).filter((/** @type {any} */ result) => result.status === "failed");
    for (const result of failed) {
      failures.push(shown(`${file.name} > ${result.fullName}`, (result.failureMessages ?? []).join("\n")));
    }
    if (failed.length === 0 && file.status === "failed") failures.push(shown(file.name, String(file.message ?? "")));
  }
  return failures;
}

/**
 * @param {string} name
 * @param {string} message
 */
export function shown(name, message) {
  const lines = message.replace(/\u001b\[[0-9;]*m/g, "").split("\n");
  const first = lines.slice(0, MESSAGE_LINES).map((line) => `    ${line}`.trimEnd());
  if (lines.length > MESSAGE_LINES) first.push(`    (${lines.length - MESSAGE_LINES} more lines above)`);
  return [`FAILED ${name}`, ...first].join("\n");
}
