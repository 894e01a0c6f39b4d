/** Prints one value as a line of JSON. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/**
 * A text of somebody else's, such as a line of a build's log, for a terminal: what would steer it is left out, but for
 * colours where a terminal shows them.
 */
export function harmless(text: string): string {
  const kept = text.replace(CONTROLS, (found) => (process.stdout.isTTY === true && COLOUR.test(found) ? found : ""));
  // A colour ends with its text.
  return kept.includes(ESCAPE) ? `${kept}${ESCAPE}[0m` : kept;
}

const ESCAPE = "\u001b";

/** Sequences of a terminal (ECMA-48, section 5.4), and what else is no text; but for the tab and the end of a line. */
const CONTROLS = /\u001b\[[0-?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const COLOUR = /^\u001b\[[\d;]*m$/;
