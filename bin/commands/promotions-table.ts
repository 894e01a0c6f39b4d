import type { HistoricMove, TagHistory } from "../../sdk/client/index.ts";

/** Widths of the columns: with two spaces between them, 100 characters in all. */
const WIDTHS = { when: 20, build: 29, by: 16 } as const;

/** A tag's history for people: lines of at most 100 characters, however long the ids are. */
export function historyTable({ template, tag, buildId, source, moves, hasMore }: TagHistory): string {
  const now = buildId === null ? "was removed" : `points at ${buildId}`;
  const notes = [
    ...(source === "builds"
      ? ["This service keeps no record of promotions: these are the builds that were started under the tag."]
      : []),
    ...(hasMore ? ["There are older moves: raise --limit to see them."] : []),
  ];
  return [
    `${template}:${tag} ${now}`,
    "",
    row("WHEN", "FROM", "TO", "BY"),
    ...moves.map(describe),
    ...spaced(notes),
    "",
  ].join("\n");
}

function describe({ at, from, to, by }: HistoricMove): string {
  return row(
    at === undefined ? "?" : toSeconds(at),
    from === null ? "(new)" : (from ?? "?"),
    to ?? "(removed)",
    by ?? "?",
  );
}

function row(when: string, from: string, to: string, by: string): string {
  return [cell(when, WIDTHS.when), cell(from, WIDTHS.build), cell(to, WIDTHS.build), cell(by, WIDTHS.by)]
    .join("  ")
    .trimEnd();
}

/** The text in its column; a long one loses its middle, because ids differ at both ends. */
function cell(text: string, width: number): string {
  if (text.length <= width) return text.padEnd(width);
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}…${text.slice(-tail)}`;
}

/** A time in UTC, to the second; as it is where it is not one. */
function toSeconds(at: string): string {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? at : `${time.toISOString().slice(0, 19)}Z`;
}

function spaced(notes: readonly string[]): string[] {
  return notes.length === 0 ? [] : ["", ...notes];
}
