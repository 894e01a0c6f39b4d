import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CreateMachineRequest } from "../../../sdk/wire/index.ts";
import { deadlineOf } from "../../../service/fleet/machines/expiry.ts";
import { readMachineSpec } from "../../../service/fleet/machines/machine-json.ts";
import { argvOf, checkArguments } from "../../../service/fleet/machines/run-command.ts";
import type { MachineRow } from "../../../service/store/machines.ts";
import { MemoryDriver } from "./memory-driver.ts";

const specOf = (request: object) =>
  readMachineSpec(CreateMachineRequest.parse(request), new MemoryDriver().capabilities);

describe("a create request", () => {
  /** As the published Python client sends it when nothing is set. */
  const plain = {
    template: "base",
    vcpus: 2,
    memory_mb: 512,
    timeout_ms: 300_000,
    auto_resume: false,
    envs: {},
    metadata: {},
    internet_access: true,
    cwd: null,
    desktop: null,
    network: null,
    volumes: null,
  };

  test("of the published client asks for nothing that this service has not", () => {
    expect(specOf(plain)).toMatchObject({
      template: "base",
      vcpus: 2,
      memoryMb: 512,
      timeoutMs: 300_000,
      pool: undefined,
    });
  });

  test("has the contract's defaults", () => {
    expect(specOf({})).toMatchObject({
      timeoutMs: 300_000,
      timeoutAction: "destroy",
      internetAccess: true,
      ephemeral: false,
    });
    expect(specOf({ lifecycle: { on_timeout: "pause" } }).timeoutAction).toBe("hibernate");
  });

  test("is the same request whatever the order of its members", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (metadata) => {
        const request = { ...plain, metadata };
        const reversed = Object.fromEntries(Object.entries(request).reverse());
        reversed.metadata = Object.fromEntries(Object.entries(metadata).reverse());
        expect(specOf(reversed).digest).toBe(specOf(request).digest);
      }),
    );
    expect(specOf({ ...plain, vcpus: 3 }).digest).not.toBe(specOf(plain).digest);
  });

  test.each([
    [{ volumes: [{ id: "v" }] }, /no volumes/],
    [{ network: { allow: [] } }, /^network: .* no network rules/],
    [{ desktop: { dpi: 96 } }, /^desktop: .* no desktops/],
    [{ snapshot_id: "snap_1" }, /^snapshot_id: .* no snapshots/],
    [{ warm_pool: { mode: "require" } }, /warm_pool\.id is missing/],
    [{ warm_pool: { id: "twp_1", wait_ms: 600_001 } }, /wait_ms is 600001/],
    [{ timeout_ms: 8 * 24 * 3600 * 1000 }, /7 days/],
    [{ ephemeral: true, auto_resume: true }, /ephemeral contradicts auto_resume/],
  ])("with %j is refused, naming the member", (change, message) => {
    expect(() => specOf({ ...plain, ...change })).toThrow(message);
  });
});

describe("a command", () => {
  const run = (argv: string[]) => execFileSync(argv[0] ?? "", argv.slice(1), { encoding: "utf8" });
  // A command line cannot hold a NUL, so it can stand between the arguments.
  const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((value) => !value.includes("\0"));

  test("gets its arguments exactly as they were given", () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (args) => {
        expect(
          run(argvOf({ command: "printf", args: ["%s\\0", ...args] }))
            .split("\0")
            .slice(0, -1),
        ).toEqual(args);
      }),
    );
  });

  test("is a whole command line for the shell, and then has no arguments", () => {
    expect(run(argvOf({ command: "echo $((1 + 1))", shell: true, args: [] }))).toBe("2\n");
    expect(() => checkArguments({ command: "echo", shell: true, args: ["a"] })).toThrow(/shell and args/);
    checkArguments({ command: "echo", args: ["a"] });
    checkArguments({ command: "echo", shell: true, args: [] });
  });
});

describe("the next deadline of a machine", () => {
  const base = { status: "running", timeoutAtMs: 1000, timeoutAction: "hibernate", lastActiveAtMs: 100, ephemeral: 0 };
  const deadline = (change: Partial<MachineRow>) =>
    deadlineOf({
      ...base,
      inactivityTimeoutMs: null,
      autoDeleteAfterMs: null,
      pausedAtMs: null,
      ...change,
    } as MachineRow);

  test.each<[string, Partial<MachineRow>, ReturnType<typeof deadline>]>([
    ["is its timeout", {}, { atMs: 1000, action: "hibernate" }],
    ["is its inactivity when that comes first", { inactivityTimeoutMs: 50 }, { atMs: 150, action: "hibernate" }],
    ["destroys an unused ephemeral one", { inactivityTimeoutMs: 50, ephemeral: 1 }, { atMs: 150, action: "destroy" }],
    ["is none while it sleeps", { status: "paused", pausedAtMs: 500 }, null],
    ["ends its sleep", { status: "paused", pausedAtMs: 500, autoDeleteAfterMs: 70 }, { atMs: 570, action: "destroy" }],
  ])("%s", (_what, change, expected) => {
    expect(deadline(change)).toEqual(expected);
  });
});
