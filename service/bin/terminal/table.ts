import { paint } from "./paint.ts";

/** A cell, or one with another look of the same width. */
export type Cell = string | { readonly text: string; readonly look: string };

/** Rows below their headings, in columns. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const all: readonly (readonly Cell[])[] = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => textOf(row[column] ?? "").length)));
  return all
    .map((row, index) => {
      const line = row.map((cell, column) => padded(cell, column === row.length - 1 ? 0 : widths[column]!)).join("  ");
      return index === 0 ? paint("heading", line) : line;
    })
    .join("\n");
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function padded(cell: Cell, width: number): string {
  const text = textOf(cell);
  return (typeof cell === "string" ? cell : cell.look) + " ".repeat(Math.max(0, width - text.length));
}
