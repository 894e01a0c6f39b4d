import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { socketFolder } from "../../../socket-folder.ts";
import { serve } from "./served-folder.ts";

const SOURCE = fileURLToPath(new URL("failing-sync.c", import.meta.url));
// The loader ends the path of what it preloads at a space, and a socket's path has to be short.
const { path: scratch, remove } = socketFolder();
afterAll(remove);

it("a disk that is full only when it is to keep what it took: nothing is acknowledged until a new start", async () => {
  const library = join(scratch, "failing-sync.so");
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, SOURCE]);
  const flag = join(scratch, "fails");
  const data = join(scratch, "data");
  mkdirSync(data);
  const before = await serve(data, { LD_PRELOAD: library, SYNC_FAILS: flag });
  const { client } = before;
  await client.templates.reserveName("acknowledged");

  const full = {
    status: 507,
    code: "disk_full",
    retryable: false,
    message: expect.stringContaining(data) as string,
    suggestedAction: "Make room on that disk, and start the service again.",
  };
  writeFileSync(flag, "");
  await expect(client.templates.reserveName("in-doubt")).rejects.toMatchObject(full);
  // The disk is well again and says nothing more of what it lost: what follows would be kept on sand.
  await expect(client.templates.reserveName("after-it")).rejects.toMatchObject(full);
  const ready = await fetch(`${before.url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    checks: { store: { status: "fail", message: expect.stringContaining("Start the service again") as string } },
  });
  await before.end("SIGTERM");

  const after = await serve(data, {}, before.apiKey);
  try {
    await after.client.templates.reserveName("after-it");
    const { DatabaseSync } = await import("node:sqlite");
    using db = new DatabaseSync(join(data, "store.db"), { readOnly: true });
    const names = db.prepare("SELECT name FROM claims").all();
    expect(names.map(({ name }) => name)).toEqual(expect.arrayContaining(["acknowledged", "after-it"]));
  } finally {
    await after.end("SIGTERM");
  }
}, 60_000);
