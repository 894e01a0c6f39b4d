import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRecording, recordTerminal } from "../../../scripts/pictures/record-terminal.ts";
import { takeFrames, type Frame } from "../../../scripts/pictures/terminal-frames.ts";
import { drawTerminal } from "../../../scripts/pictures/terminal-svg.ts";

const size = { columns: 20, rows: 3 };
const pace = { lineSeconds: 0.1, longestPauseSeconds: 1, endSeconds: 5 };
const frames = (...output: [afterSeconds: number, text: string][]) =>
  takeFrames(
    { ...size, output: output.map(([afterSeconds, text]) => ({ afterSeconds, bytes: Buffer.from(text) })) },
    pace,
  );
const texts = ({ rows }: Frame) => rows.map((row) => row.map(({ text }) => text).join("|"));

describe("a recording", () => {
  it("is what a command wrote to a terminal of that size, in its order", async () => {
    const program =
      "process.stdout.write(`${process.stdout.isTTY} ${process.stdout.columns}x${process.stdout.rows}\\n`)";
    const { output } = await recordTerminal([process.execPath, "-e", program], { ...size, cwd: "/", env: process.env });
    expect(Buffer.concat(output.map(({ bytes }) => bytes)).toString()).toBe("true 20x3\r\n");
  });

  it("fails with the command's last words", async () => {
    const failing = recordTerminal(["sh", "-c", "echo no such thing; exit 3"], { ...size, cwd: "/", env: process.env });
    await expect(failing).rejects.toThrow(/ended with 3:[\s\S]*no such thing/);
  });

  it("is refused when its two files are not of one another", () => {
    expect(() => readRecording(Buffer.from("Script started\nab"), "0.1 2\n0.1 1\n")).toThrow("0.1 1");
  });
});

describe("the frames of a recording", () => {
  it("show one line more each, scroll, and wait no longer than they may", async () => {
    const taken = await frames([0, "a\r\nb\r\n"], [60, "c\r\n"]);
    expect(taken.map(texts)).toEqual([
      ["a", "", ""],
      ["a", "b", ""],
      ["b", "c", ""],
    ]);
    expect(taken.map(({ seconds }) => seconds)).toEqual([0.1, 1.1, 5.1]);
  });

  it("keep what is bold, dim and coloured, and what is written over shows once", async () => {
    const taken = await frames(
      [0, "\u001b[1mone\u001b[0m \u001b[2mtwo\u001b[0m \u001b[32mthree\u001b[0m"],
      [0.1, "\rONE"],
    );
    expect(taken.at(-1)!.rows[0]).toEqual([
      { column: 0, text: "ONE", isBold: false, isDim: false, colour: undefined },
      { column: 4, text: "two", isBold: false, isDim: true, colour: undefined },
      { column: 8, text: "three", isBold: false, isDim: false, colour: 2 },
    ]);
  });
});

describe("the picture of a recording", () => {
  it("holds each row once, and no markup of what was written", async () => {
    const svg = drawTerminal(await frames([0, "<b>&\r\n"], [1, "x\r\n"]), { ...size, title: "a < b" });
    expect(svg.match(/&lt;b&gt;&amp;/g)).toHaveLength(1);
    expect(svg).not.toMatch(/<b>/);
    expect(svg).toContain('<title id="t">a &lt; b</title>');
  });

  it("in the README tells what the quickstart tells today, and nothing of the machine that played it", () => {
    const root = join(import.meta.dirname, "../../..");
    const svg = readFileSync(join(root, "docs/pictures/quickstart.svg"), "utf8");
    const story = readFileSync(join(root, "scripts/quickstart.ts"), "utf8");
    const titles = [...story.matchAll(/story\.step\("([^"]+)"/g)].map(([, title]) => title!);
    expect(titles.length).toBeGreaterThanOrEqual(6);
    for (const title of titles) expect(svg).toContain(title);
    expect(svg).not.toMatch(/\/(root|home|Users|work)\//);
    expect(svg.length).toBeLessThan(200_000);
  });
});
