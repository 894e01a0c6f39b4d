import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { recordTerminal } from "./record-terminal.ts";
import { takeFrames } from "./terminal-frames.ts";
import { drawTerminal } from "./terminal-svg.ts";

/** As wide as the widest line of the quickstart, as high as GitHub shows without scrolling. */
const SIZE = { columns: 118, rows: 32 };
/** What a reader would have typed, and then seen. */
const PROMPT = "$ npm run quickstart\r\n";

/** Plays the quickstart in a terminal, and draws what it shows. @returns path of the picture */
export async function takeQuickstartPicture(root: string, folder: string): Promise<string> {
  const env = { ...process.env, FORCE_COLOR: "1", TERM: "xterm-256color" };
  const { output } = await recordTerminal(["npm", "run", "--silent", "quickstart"], { ...SIZE, cwd: root, env });
  const typed = { afterSeconds: 0, bytes: Buffer.from(PROMPT) };
  const frames = await takeFrames(
    { ...SIZE, output: [typed, ...output] },
    { lineSeconds: 0.09, longestPauseSeconds: 1.6, endSeconds: 6 },
  );
  const path = join(folder, "quickstart.svg");
  writeFileSync(
    path,
    drawTerminal(frames, {
      ...SIZE,
      title:
        "npm run quickstart in a terminal: a template is built, tagged and pooled, a file changes, the preview names it",
    }),
  );
  return path;
}
