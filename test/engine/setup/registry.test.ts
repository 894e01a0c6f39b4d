import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loopbackRegistry } from "../../../scripts/setup/registry.mjs";
import { stopShared, useShared } from "../../../scripts/setup/shared-process.mjs";

let root: string;
let registry: ReturnType<typeof loopbackRegistry>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "nullspace-registry-"));
  registry = loopbackRegistry({ cache: { root, id: "00000000" }, env: process.env });
});

afterEach(async () => {
  await stopShared(registry.process);
  rmSync(root, { recursive: true, force: true });
});

const ask = async () => (await fetch(`http://${registry.address()}/v2/`)).status;

test("the registry answers while it is used, and no longer", async () => {
  const use = await useShared(registry.process);
  expect(registry.address()).toMatch(/^localhost:\d+$/);
  expect(await ask()).toBe(200);
  await use.release();
  await expect(ask()).rejects.toThrow();
});

test("the registry keeps its port, so that its images keep their names", async () => {
  await (await useShared(registry.process)).release();
  const address = registry.address();
  await (await useShared(registry.process)).release();
  expect(registry.address()).toBe(address);
});

test("the registry takes another port when its own was taken meanwhile", async () => {
  await (await useShared(registry.process)).release();
  const address = registry.address();
  const other = createServer((_, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => other.listen(Number(address.split(":")[1]), "127.0.0.1", resolve));
  try {
    const use = await useShared(registry.process);
    expect(registry.address()).not.toBe(address);
    expect(await ask()).toBe(200);
    await use.release();
  } finally {
    other.closeAllConnections();
    other.close();
  }
});
