import xterm from "@xterm/headless";
import type { Recording } from "./record-terminal.ts";

/** A piece of a row in one style. */
export interface Run {
  column: number;
  text: string;
  isBold: boolean;
  isDim: boolean;
  /** Number of the colour among the terminal's 16; `undefined`: the usual one. */
  colour: number | undefined;
}

/** What a terminal shows for a while: each row as its runs. */
export interface Frame {
  seconds: number;
  rows: readonly (readonly Run[])[];
}

export interface Pace {
  /** How long a line is the newest one, seconds, when many come at once: a reader has to follow. */
  lineSeconds: number;
  /** Nothing is waited for longer than this, seconds: a build is shown as short as that. */
  longestPauseSeconds: number;
  /** How long the last frame stays, seconds. */
  endSeconds: number;
}

/** Plays a recording in a terminal, line by line, and takes what it shows whenever that has changed. */
export async function takeFrames(
  recording: Recording,
  { lineSeconds, longestPauseSeconds, endSeconds }: Pace,
): Promise<Frame[]> {
  const terminal = new xterm.Terminal({ cols: recording.columns, rows: recording.rows, allowProposedApi: true });
  const frames: Frame[] = [];
  try {
    for (const { afterSeconds, bytes } of recording.output) {
      hold(frames, Math.min(afterSeconds, longestPauseSeconds));
      for (const line of linesOf(bytes)) {
        await new Promise<void>((resolve) => terminal.write(line, resolve));
        addFrame(frames, { seconds: lineSeconds, rows: readScreen(terminal) });
      }
    }
    hold(frames, endSeconds);
  } finally {
    terminal.dispose();
  }
  return frames;
}

/** Bytes cut behind each line feed. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\n", at) + 1 || bytes.length;
    lines.push(bytes.subarray(at, end));
    at = end;
  }
  return lines;
}

function hold(frames: readonly Frame[], seconds: number): void {
  const last = frames.at(-1);
  if (last !== undefined) last.seconds += seconds;
}

/** A frame that shows what the last one shows is no frame of its own. */
function addFrame(frames: Frame[], frame: Frame): void {
  if (JSON.stringify(frames.at(-1)?.rows) !== JSON.stringify(frame.rows)) frames.push(frame);
}

function readScreen(terminal: InstanceType<typeof xterm.Terminal>): Run[][] {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    const runs: Run[] = [];
    for (let column = 0; line !== undefined && column < terminal.cols; column += 1) {
      const cell = line.getCell(column);
      // The second half of a wide character has no width of its own.
      if (cell === undefined || cell.getWidth() === 0) continue;
      const style = {
        isBold: cell.isBold() !== 0,
        isDim: cell.isDim() !== 0,
        colour: cell.isFgPalette() && cell.getFgColor() < 16 ? cell.getFgColor() : undefined,
      };
      const text = cell.getChars() || " ";
      const last = runs.at(-1);
      const goesOn =
        last !== undefined &&
        last.isBold === style.isBold &&
        last.isDim === style.isDim &&
        last.colour === style.colour &&
        // After a wide character columns and letters do not match any more.
        last.column + last.text.length === column;
      if (goesOn) last.text += text;
      else runs.push({ column, text, ...style });
    }
    return runs.map((run) => ({ ...run, text: run.text.trimEnd() })).filter(({ text }) => text !== "");
  });
}
