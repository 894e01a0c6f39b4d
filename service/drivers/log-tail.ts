/** Lines of a main process that an error quotes. */
export const TAIL_LINES = 20;

/** A quoted line ends here. */
const MAX_LINE_CHARACTERS = 500;

/** The last lines of what the main process of a guest wrote, oldest first, as an error quotes them. */
export function lastLines(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  return lines.slice(-TAIL_LINES).map((line) => line.slice(0, MAX_LINE_CHARACTERS));
}
