import { fromMarkdown } from "mdast-util-from-markdown";

/** A command of a README, and the lines that it shows of what the command prints. */
export interface ReadmeStep {
  command: string;
  prints: string[];
}

/** Stands in a README for whatever is different in each run. */
const ANYTHING = "…";

/** The commands of a README's `console` blocks, in their order: lines that begin with `$ `. */
export function readmeSteps(markdown: string): ReadmeStep[] {
  const steps: ReadmeStep[] = [];
  for (const node of fromMarkdown(markdown).children) {
    if (node.type !== "code" || node.lang !== "console") continue;
    for (const line of node.value.split("\n")) {
      if (line.startsWith("$ ")) steps.push({ command: line.slice(2), prints: [] });
      else steps.at(-1)?.prints.push(line);
    }
  }
  return steps;
}

/**
 * The first line of a README that a command has not printed, apart from the width of its spaces; undefined when all are
 * there, in their order. Between them the command may have printed more.
 */
export function lineNotPrinted(prints: readonly string[], output: string): string | undefined {
  const printed = output.split("\n").map(oneSpaced);
  let from = 0;
  for (const line of prints.filter((text) => !["", ANYTHING].includes(text.trim()))) {
    const pattern = new RegExp(`^${oneSpaced(line).split(ANYTHING).map(escape).join(".*")}$`);
    const at = printed.findIndex((text, index) => index >= from && pattern.test(text));
    if (at === -1) return line;
    from = at + 1;
  }
  return undefined;
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

function oneSpaced(line: string): string {
  return line.replace(/\s+/g, " ").trim();
}
