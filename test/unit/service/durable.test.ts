import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, expect, it } from "vitest";
import { createApp } from "../../../service/http/app.ts";
import { keyRing } from "../../../service/keys/key-ring.ts";
import { Database } from "../../../service/store/database.ts";
import { GroupSync } from "../../../service/store/group-sync.ts";

const folder = mkdtempSync(join(tmpdir(), "nullspace-durable-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("who comes while a sync runs shares the next one, and one that is closed ends what waits", async () => {
  const path = join(folder, "log");
  writeFileSync(path, "x");
  const group = new GroupSync(path);
  const first = group.sync();
  const [second, third] = [group.sync(), group.sync()];
  expect(second).toBe(third);
  expect(second).not.toBe(first);
  group.close();
  await Promise.all([first, second]);
});

it("a store that has changed waits for the disk once, and one that has not does not", async () => {
  const db = new Database(join(folder, "store.db"));
  db.run("INSERT INTO settings VALUES ('a', 'b')");
  await db.durable();
  await db.durable();
  db.close();
  await db.durable();
});

it("an answer whose change the disk has lost is no success, and the service answers on", async () => {
  const app = createApp({
    logger: pino({ level: "silent" }),
    keys: keyRing([{ name: "test", key: "key" }]),
    refExists: () => false,
    stopping: new AbortController().signal,
    durable: () => Promise.reject(new Error("input/output error")),
  });
  app.post("/x", { config: { public: true } }, async () => ({}));
  for (let i = 0; i < 2; i++) {
    const answer = await app.inject({ method: "POST", url: "/x" });
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: "internal_error", error: expect.not.stringContaining("input/output") });
  }
  await app.close();
});
