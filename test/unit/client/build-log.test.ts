import { describe, expect, it } from "vitest";
import { buildLogger, terminalProgress, type LogEntry } from "../../../sdk/index.ts";

function entry(kind: string, level: string, message: string, more: Partial<LogEntry> = {}): LogEntry {
  const at = "2026-01-02T03:04:05Z";
  return { build_id: "tb_1", template_id: "tmpl_1", offset: 0, timestamp: at, kind, level, message, ...more };
}

const LOG = [
  entry("start", "debug", "build started"),
  entry("message", "debug", "details"),
  entry("message", "info", "step", { step_index: 1, total_steps: 2, phase: "step" }),
  entry("warning", "warn", "careful", { timestamp: "2026-01-02T03:04:07.5Z", step_index: 2, total_steps: 2 }),
  entry("error", "error", "broken"),
  entry("end", "info", "build ready"),
];

describe("the build logger", () => {
  it("prints what the published client prints", () => {
    let text = "";
    LOG.forEach(buildLogger({ write: (line) => (text += line) }));
    expect(text).toBe("==> build started\nstep\nWARN  careful\nERROR broken\n==> build ready\n");
  });

  it("leaves out what is below its level, but for the first and the last", () => {
    let text = "";
    LOG.forEach(buildLogger({ minLevel: "error", write: (line) => (text += line) }));
    expect(text).toBe("==> build started\nERROR broken\n==> build ready\n");
  });
});

describe("the terminal display", () => {
  function shown(log: readonly LogEntry[], isTTY: boolean): string {
    let text = "";
    log.forEach(terminalProgress({ isTTY, columns: 20, write: (part) => (text += part) }));
    return text;
  }

  it("keeps the last line for step and time, and clears it at the end", () => {
    const text = shown(LOG.slice(0, 4), true);
    expect(text).toContain("[1/2] 0.0s step");
    expect(text.split("\u001b[2K").at(-1)).toBe("[2/2] 2.5s ");
    expect(shown(LOG, true).endsWith("\r\u001b[2K")).toBe(true);
  });

  it("keeps within the terminal's width, and lets no build move the cursor", () => {
    const long = entry("message", "info", "a\r\u001b[2Ab\u001b[31mc", { phase: "x".repeat(100) });
    const text = shown([long], true);
    expect(text).toContain("abc\n");
    expect(text.split("\u001b[2K").at(-1)).toHaveLength(19);
  });

  it("is plain lines where there is no terminal", () => {
    expect(shown(LOG, false)).not.toContain("\u001b");
  });
});
