import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { BASE_IMAGE, openEngine } from "./engine-fixture.ts";
import { startEngineProxy } from "./engine-proxy.ts";

const engine = openEngine();
afterAll(() => engine[Symbol.asyncDispose]());

const PROGRAM = fileURLToPath(new URL("slow-reader.ts", import.meta.url));

/** Reads a build slowly in a process of its own. @returns its facts, and how many bytes the engine sent it, at rest and in all */
async function readSlowly(command: string) {
  await using proxy = await startEngineProxy();
  const host = `tcp://127.0.0.1:${proxy.port}`;
  const args = ["--conditions=nullspace-source", PROGRAM, host, `FROM ${BASE_IMAGE}\nRUN ${command}\n`];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("begun");
  let before = -1;
  await expect.poll(() => before === (before = proxy.bytesToClient), { interval: 700, timeout: 60_000 }).toBe(true);
  const bytesAtRest = proxy.bytesToClient;
  child.stdin.write("go\n");
  const facts = JSON.parse(String((await lines.next()).value)) as { logs: number; peakBytes: number };
  return { ...facts, bytesAtRest, bytes: proxy.bytesToClient };
}

// BuildKit clips what commands write; the classic builder, which sends everything, shows what a stream without end takes.
describe("a slow reader of a build", () => {
  it("takes the memory of a little output, however much there is", async () => {
    const line = "a-line-of-some-length-".repeat(20);
    const little = await readSlowly(`yes ${line} | head -n 1000`);
    expect(little.logs).toBe(1_000);
    const much = await readSlowly(`yes ${line} | head -n 400000`);
    expect(much.logs).toBe(400_000);
    expect(much.bytes).toBeGreaterThan(170_000_000);
    expect(much.bytesAtRest).toBeLessThan(20_000_000);
    expect(much.peakBytes - little.peakBytes).toBeLessThan(100_000_000);
  });
});
