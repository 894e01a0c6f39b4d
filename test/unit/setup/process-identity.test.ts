import { describe, expect, test } from "vitest";
import { identify, isRunning } from "../../../scripts/setup/process-identity.mjs";
import { ended, startNode } from "./support/child-process.ts";

describe("a process identity", () => {
  test("of this process is running", () => {
    expect(isRunning(identify(process.pid))).toBe(true);
  });

  test("of an ended process is not running", async () => {
    const child = startNode("");
    const identity = identify(child.pid!);
    await ended(child);
    expect(isRunning(identity)).toBe(false);
  });

  test("of an earlier process with the same number is not running", () => {
    expect(isRunning({ ...identify(process.pid), startedAt: "another-boot:1" })).toBe(false);
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a number", 1],
    ["no pid", { startedAt: "x" }],
    ["a negative pid, which would mean a group", { pid: -1, startedAt: null }],
    ["zero, which would mean this group", { pid: 0, startedAt: null }],
  ])("read as %s is not running", (_, value) => {
    expect(isRunning(value)).toBe(false);
  });
});
