import { styleText } from "node:util";

/** What a text means, for whoever sees colours. */
export type Meaning = "good" | "bad" | "busy" | "dim" | "heading";

const FORMATS = { good: "green", bad: "red", busy: "yellow", dim: "dim", heading: "bold" } as const;

/** The text in its colour, where standard output is a terminal; `NO_COLOR` and `FORCE_COLOR` are honoured. */
export function paint(meaning: Meaning | undefined, text: string): string {
  return meaning === undefined ? text : styleText(FORMATS[meaning], text, { stream: process.stdout });
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ok: "good",
  ready: "good",
  running: "good",
  enabled: "good",
  waiting: "busy",
  building: "busy",
  creating: "busy",
  warming: "busy",
  draining: "busy",
  warn: "busy",
  error: "bad",
  fail: "bad",
  degraded: "bad",
  unavailable: "bad",
  cancelled: "dim",
  disabled: "dim",
  paused: "dim",
};

/** A state in its colour. */
export function paintState(state: string, text: string = state): string {
  return paint(MEANINGS[state], text);
}
