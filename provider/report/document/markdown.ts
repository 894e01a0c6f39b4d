import type { Block, Inline, Line } from "./document.ts";

/** A document in GitHub's Markdown. Texts of users stand in code alone, where nothing of theirs is read as Markdown. */
export function toMarkdown(blocks: readonly Block[]): string {
  return blocks.map((block) => `${blockText(block)}\n`).join("\n");
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${lineText(block.line)}`;
    case "paragraph":
      return lineText(block.line);
    case "list":
      return block.items.map((item) => `- ${lineText(item)}`).join("\n");
    case "table":
      return tableText(block.head, block.rows);
    case "lines":
      return foldedText(fenced(block.lines, block.syntax ?? "text"), block.fold);
  }
}

function lineText(line: Line): string {
  return line.map((piece) => (typeof piece === "string" ? piece : codeSpan(piece.code))).join("");
}

/** A code span whose fence is longer than any in the text (CommonMark 0.31, section 6.1). */
export function codeSpan(text: string): string {
  if (text.trim() === "") return text === "" ? "(empty)" : "(blank)";
  const fence = "`".repeat(longestRun(text) + 1);
  // One space on both sides is taken away again, where there is one on both.
  const pad = /^`|`$|^ .* $/.test(text) ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

function tableText(head: readonly string[], rows: readonly (readonly Line[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    row(head),
    row(head.map(() => "---")),
    ...rows.map((cells) => row(cells.map((cell) => cell.map(cellText).join("")))),
  ].join("\n");
}

/**
 * A table is cut into cells before anything else is read, code included. A backslash in front of a bar keeps it; parsers
 * do not agree on two, so that one of the text gets a word joiner behind it, which is not seen.
 */
function cellText(piece: Inline): string {
  if (typeof piece === "string") return piece;
  return codeSpan(piece.code.replaceAll(/\\(?=\||$)/g, "\\\u2060")).replaceAll("|", "\\|");
}

/** A fence that is longer than any in the lines. */
function fenced(lines: readonly string[], syntax: string): string {
  const fence = "`".repeat(Math.max(3, ...lines.map((line) => longestRun(line) + 1)));
  return [`${fence}${syntax}`, ...lines, fence].join("\n");
}

function foldedText(text: string, summary: string | undefined): string {
  if (summary === undefined) return text;
  return `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
