import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { killScript, MARK, runMarked, type CommandOutput, type CommandPlace } from "../../../sdk/commands/index.ts";

class TimedOut extends Error {
  readonly facts: Parameters<CommandPlace["timedOut"]>[0];

  constructor(facts: TimedOut["facts"]) {
    super("out of time");
    this.facts = facts;
  }
}

/** Runs a script on this machine, as a container's interface would that has no way to end it. */
function here(script: string): CommandPlace & { mark: () => string } {
  let last = "";
  return {
    mark: () => last,
    async run(mark, take, stop) {
      last = mark;
      const child = spawn("/bin/sh", ["-c", script], { env: { ...process.env, [MARK]: mark } });
      child.stdin.end();
      const read = async (stream: CommandOutput["stream"]): Promise<void> => {
        for await (const data of child[stream]) await take({ stream, data: data as Buffer });
      };
      const ended = Promise.all([read("stdout"), read("stderr"), once(child, "close")]);
      const aborted = new Promise<never>((_resolve, reject) =>
        stop.addEventListener("abort", () => reject(stop.reason as Error)),
      );
      const [, , [code]] = (await Promise.race([ended, aborted])) as [void, void, [number]];
      return code;
    },
    kill: (mark) => Promise.resolve(spawnSync("/bin/sh", ["-c", killScript(mark)]).status === 0),
    timedOut: (facts) => new TimedOut(facts),
  };
}

/** How many processes carry a mark: a script that finds none ends at once, as it does after it has killed them. */
function countMarked(mark: string): number {
  const script = `n=0; for p in /proc/[0-9]*; do grep -q "${MARK}=${mark}" "$p/environ" 2>/dev/null && n=$((n+1)); done; echo $n`;
  return Number(spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" }).stdout);
}

/** Says that it runs, with a child and a grandchild of its own that would outlive it. */
const FAMILY = "sleep 300 & sh -c 'sleep 300 & wait' & echo begun; wait";

// By /proc, as in the containers that it is for.
describe.runIf(process.platform === "linux")("a marked command", () => {
  it("gives its exit code and what it wrote, each stream as far as its bound", async () => {
    const place = here("printf 12345678; printf abc >&2; exit 3");
    const result = await runMarked(place, { maxOutputBytes: 5 });
    expect(result).toEqual({ exitCode: 3, stdout: "12345", stderr: "abc", truncated: true });
    expect(await runMarked(here("printf 12345"), { maxOutputBytes: 5 })).toMatchObject({ truncated: false });
  });

  it("is killed with all that it started when its time is up, and what it wrote is told", async () => {
    const place = here(FAMILY);
    const bystander = spawn("sleep", ["300"], { env: { ...process.env, [MARK]: "another" } });
    const error = await runMarked(place, { maxOutputBytes: 100, timeoutMs: 5_000 }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TimedOut);
    expect((error as TimedOut).facts).toMatchObject({ stdout: "begun\n", stderr: "", killed: true });
    expect(countMarked(place.mark())).toBe(0);
    expect(bystander.exitCode).toBeNull();
    bystander.kill();
  });

  it("is killed when the signal is aborted, with the signal's reason", async () => {
    const place = here(FAMILY);
    const controller = new AbortController();
    const onOutput = () => controller.abort(new Error("no longer wanted"));
    await expect(runMarked(place, { maxOutputBytes: 1, onOutput, signal: controller.signal })).rejects.toThrow(
      "no longer wanted",
    );
    expect(countMarked(place.mark())).toBe(0);
  });

  it("is killed when its output is refused, with the error of who refused it", async () => {
    const place = here(FAMILY);
    const onOutput = () => Promise.reject(new Error("too much"));
    await expect(runMarked(place, { maxOutputBytes: 1, timeoutMs: 60_000, onOutput })).rejects.toThrow("too much");
    expect(countMarked(place.mark())).toBe(0);
  });

  it("is not killed when it could not be run", async () => {
    const place = here("");
    let kills = 0;
    const broken: CommandPlace = {
      ...place,
      run: () => Promise.reject(new Error("no such container")),
      kill: () => Promise.resolve(++kills > 0),
    };
    await expect(runMarked(broken, { maxOutputBytes: 1, timeoutMs: 60_000 })).rejects.toThrow("no such container");
    expect(kills).toBe(0);
  });

  it("says when its processes may still be there", async () => {
    const place = here("echo begun; exec sleep 300");
    const stuck: CommandPlace = { ...place, kill: () => Promise.resolve(false) };
    const error = await runMarked(stuck, { maxOutputBytes: 9, timeoutMs: 500 }).catch((cause: unknown) => cause);
    expect((error as TimedOut).facts.killed).toBe(false);
    expect(await place.kill(place.mark())).toBe(true);
  });
});
