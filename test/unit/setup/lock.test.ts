import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withLock } from "../../../scripts/setup/lock.mjs";
import { ended, firstLine, setupModule, startNode } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** A process that takes the lock, says so, and keeps it until it is killed. */
function startHolder(path: string) {
  return startNode(`
    import { withLock } from ${JSON.stringify(setupModule("lock.mjs"))};
    await withLock(${JSON.stringify(path)}, { timeoutMs: 20_000 }, () => {
      console.log("held");
      return new Promise(() => setInterval(() => {}, 1000));
    });`);
}

test("a lock is given back when the work is done, and when it fails", async () => {
  const path = join(temporaryFolder(), "lock");
  expect(await withLock(path, { timeoutMs: 1000 }, async () => existsSync(path))).toBe(true);
  await expect(withLock(path, { timeoutMs: 1000 }, () => Promise.reject(new Error("work")))).rejects.toThrow("work");
  expect(existsSync(path)).toBe(false);
});

test("a lock that a running process holds is waited for, and the error names that process", async () => {
  const path = join(temporaryFolder(), "lock");
  const holder = startHolder(path);
  expect(await firstLine(holder)).toBe("held");
  const waits: (number | undefined)[] = [];
  const taken = withLock(path, { timeoutMs: 300, onWait: (pid) => waits.push(pid) }, async () => "taken");
  await expect(taken).rejects.toMatchObject({
    code: "LOCKED",
    message: expect.stringContaining(`process ${holder.pid}`),
    install: `end process ${holder.pid}, then run the command again`,
  });
  expect(waits).toEqual([holder.pid]);
});

test("a lock whose holder was killed is taken over", async () => {
  const path = join(temporaryFolder(), "lock");
  const holder = startHolder(path);
  await firstLine(holder);
  holder.kill("SIGKILL");
  await ended(holder);
  expect(existsSync(path)).toBe(true);
  expect(await withLock(path, { timeoutMs: 5000 }, async () => "taken")).toBe("taken");
});

test("a lock file that a crash has cut off is taken over", async () => {
  const path = join(temporaryFolder(), "lock");
  writeFileSync(path, '{"pid":');
  expect(await withLock(path, { timeoutMs: 5000 }, async () => "taken")).toBe("taken");
});

test("processes that race for a dead lock hold it one at a time", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "lock");
  const counter = join(folder, "counter");
  writeFileSync(path, JSON.stringify({ pid: 2 ** 30, startedAt: "gone" }));
  writeFileSync(counter, "0");
  const racers = Array.from({ length: 4 }, () =>
    startNode(`
      import { readFileSync, writeFileSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      import { withLock } from ${JSON.stringify(setupModule("lock.mjs"))};
      for (let round = 0; round < 5; round++) {
        await withLock(${JSON.stringify(path)}, { timeoutMs: 60_000 }, async () => {
          const count = Number(readFileSync(${JSON.stringify(counter)}, "utf8"));
          await sleep(5); // Long enough for another holder to read the same number.
          writeFileSync(${JSON.stringify(counter)}, String(count + 1));
        });
      }`),
  );
  const results = await Promise.all(racers.map(ended));
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(readFileSync(counter, "utf8")).toBe("20");
}, 60_000);

test("waiting for a lock ends when it is aborted", async () => {
  const path = join(temporaryFolder(), "lock");
  await firstLine(startHolder(path));
  const controller = new AbortController();
  const taken = withLock(
    path,
    { timeoutMs: 60_000, signal: controller.signal, onWait: () => controller.abort() },
    async () => "taken",
  );
  await expect(taken).rejects.toThrow(/abort/);
});
