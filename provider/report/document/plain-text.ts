import type { Block, Line } from "./document.ts";

/** A document for a terminal or a log. Nothing is folded. */
export function toPlainText(blocks: readonly Block[]): string {
  return blocks.map((block) => `${blockText(block)}\n`).join("\n");
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "heading": {
      const text = lineText(block.line);
      return block.level === 4 ? text : `${text}\n${(block.level === 2 ? "=" : "-").repeat(text.length)}`;
    }
    case "paragraph":
      return lineText(block.line);
    case "list":
      return block.items.map((item) => `- ${lineText(item)}`).join("\n");
    case "table":
      return tableText(block.head, block.rows);
    case "lines":
      return block.lines.map((line) => `  ${line}`).join("\n");
  }
}

function lineText(line: Line): string {
  const text = line.map((piece) => (typeof piece === "string" ? piece : piece.code || "(empty)")).join("");
  return text.replaceAll("**", "");
}

function tableText(head: readonly string[], rows: readonly (readonly Line[])[]): string {
  const cells = [head, ...rows.map((row) => row.map(lineText))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
