import type { Frame, Run } from "./terminal-frames.ts";

const CELL_WIDTH = 8.4;
const ROW_HEIGHT = 19;
const FONT_SIZE = 14;
const PADDING = 16;
/** Height of the bar with the three dots. */
const BAR = 30;

const BACKGROUND = "#161b22";
const FOREGROUND = "#e6edf3";
const DIM = "#9198a1";
/** The terminal's 16 colours, each readable on the background. */
const COLOURS = [
  ...["#9198a1", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#e6edf3"],
  ...["#9198a1", "#ffa198", "#7ee787", "#f2cc60", "#a5d6ff", "#e2c5ff", "#b3f0ff", "#ffffff"],
];

/**
 * Draws frames of a terminal as an SVG that plays them, over and over. Where its reader wants no motion, it shows the last one.
 *
 * @param title what a screen reader says of it
 */
export function drawTerminal(
  frames: readonly Frame[],
  { columns, rows, title }: { columns: number; rows: number; title: string },
): string {
  const width = Math.ceil(columns * CELL_WIDTH) + 2 * PADDING;
  const height = BAR + rows * ROW_HEIGHT + PADDING;
  const totalSeconds = frames.reduce((sum, { seconds }) => sum + seconds, 0);
  const percent = (seconds: number) => `${Number(((100 * seconds) / totalSeconds).toFixed(3))}%`;

  /** Text of a row -> its id: most rows are in many frames. */
  const ids = new Map<string, string>();
  const use = (row: readonly Run[], index: number): string => {
    if (row.length === 0) return "";
    const drawn = row.map(drawRun).join("");
    const id = ids.get(drawn) ?? `r${ids.size}`;
    ids.set(drawn, id);
    return `<use href="#${id}" y="${BAR + index * ROW_HEIGHT}"/>`;
  };

  let atSeconds = 0;
  const keyframes: string[] = [];
  const groups = frames.map(({ seconds, rows: shown }, index) => {
    const [from, to] = [percent(atSeconds), percent((atSeconds += seconds))];
    const ends = index === frames.length - 1 ? "" : `${to}{visibility:hidden}`;
    const starts = index === 0 ? "0%{visibility:visible}" : `0%{visibility:hidden}${from}{visibility:visible}`;
    keyframes.push(`@keyframes f${index}{${starts}${ends}}`);
    return `<g class="f" style="animation-name:f${index}">${shown.map(use).join("")}</g>`;
  });

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">`,
    `<title id="t">${escape(title)}</title>`,
    "<style>",
    `text{font:${FONT_SIZE}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${FOREGROUND};white-space:pre}`,
    `.b{font-weight:700}.d{fill:${DIM}}`,
    ...COLOURS.map((colour, index) => `.c${index}{fill:${colour}}`),
    `.f{visibility:hidden;animation:${Number(totalSeconds.toFixed(2))}s step-end infinite}`,
    ...keyframes,
    "@media (prefers-reduced-motion:reduce){.f{animation:none}.f:last-of-type{visibility:visible}}",
    "</style>",
    "<defs>",
    ...[...ids].map(([drawn, id]) => `<text id="${id}" x="${PADDING}" y="${FONT_SIZE}">${drawn}</text>`),
    "</defs>",
    `<rect width="${width}" height="${height}" rx="10" fill="${BACKGROUND}"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map(
      (colour, index) => `<circle cx="${PADDING + 6 + index * 20}" cy="${BAR / 2}" r="6" fill="${colour}"/>`,
    ),
    ...groups,
    "</svg>",
    "",
  ].join("\n");
}

function drawRun({ column, text, isBold, isDim, colour }: Run): string {
  const classes = [isBold && "b", isDim && "d", colour !== undefined && `c${colour}`].filter(Boolean).join(" ");
  const x = Number((PADDING + column * CELL_WIDTH).toFixed(1));
  // Whatever the font, a letter is as wide as a cell.
  const length = Number(([...text].length * CELL_WIDTH).toFixed(1));
  return `<tspan x="${x}" textLength="${length}"${classes === "" ? "" : ` class="${classes}"`}>${escape(text)}</tspan>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
