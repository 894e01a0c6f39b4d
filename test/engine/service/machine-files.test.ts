import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Machine } from "../../../sdk/wire/index.ts";
import { eventually, FleetFixture } from "./fleet-fixture.ts";

const fixture = new FleetFixture();
let machine: Machine;
let guarded: Machine;

beforeAll(async () => {
  await fixture.start();
  fixture.seed("plain", "default");
  fixture.seed("guarded", "default", { runtime_config: { default_user: "1000:1000" } });
  const create = (template: string, more = {}) =>
    fixture.client.machines.create({ template, vcpus: 1, memory_mb: 64, ...more });
  [machine, guarded] = await Promise.all([create("plain"), create("guarded", { cwd: "/tmp" })]);
});
afterAll(() => fixture[Symbol.asyncDispose]());

async function send(path: string, init: RequestInit & { duplex?: "half" } = {}, id = machine.id): Promise<Response> {
  const { url, apiKey } = fixture.access;
  const headers = { authorization: `Bearer ${apiKey}`, ...(init.headers as Record<string, string>) };
  return fetch(`${url}/v1/machines/${id}${path}`, { ...init, headers });
}
async function post(path: string, body: object, id = machine.id) {
  const headers = { "content-type": "application/json" };
  const response = await send(`/files/${path}`, { method: "POST", headers, body: JSON.stringify(body) }, id);
  const text = await response.text();
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the answers of many calls
  return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as any };
}

describe("files of a machine", () => {
  test("are written and read as text and as bytes, and listed", async () => {
    expect(await post("write", { path: "/workspace/a/hello.txt", content: "grüße\n", user: null })).toEqual({
      status: 200,
      body: {
        ...{ name: "hello.txt", path: "/workspace/a/hello.txt", is_dir: false, type: "file", size: 8 },
        ...{ mode: "0644", permissions: "0644", owner: "root", group: "root" },
        modified_time: expect.stringMatching(/Z$/),
      },
    });
    expect((await post("read", { path: "/workspace/a/hello.txt", encoding: "utf8" })).body).toEqual({
      content: "grüße\n",
      encoding: "utf8",
      size: 8,
    });
    // A relative path begins in /workspace.
    expect((await post("read", { path: "a/hello.txt" })).body.content).toBe("grüße\n");
    await post("write", { path: "/workspace/b", content: Buffer.of(0, 255).toString("base64"), encoding: "base64" });
    expect((await post("read", { path: "/workspace/b", encoding: "base64" })).body).toEqual({
      content: "AP8=",
      encoding: "base64",
      size: 2,
    });
    expect(await post("read", { path: "/workspace/b" })).toMatchObject({ status: 400, body: { code: "file_error" } });
    expect(await post("write", { path: "x", content: "?", encoding: "base64" })).toMatchObject({ status: 400 });
    const list = (await (await send("/files?path=/workspace&depth=2")).json()) as { path: string }[];
    expect(list.map(({ path }) => path)).toEqual(["/workspace/a", "/workspace/a/hello.txt", "/workspace/b"]);
    expect(((await (await send("/files")).json()) as { name: string }[]).map(({ name }) => name)).toContain(
      "workspace",
    );
    expect(await post("exists", { path: "/workspace/b" })).toEqual({ status: 200, body: { exists: true } });
    expect(await post("exists", { path: "/workspace/c" })).toEqual({ status: 200, body: { exists: false } });
    expect(await post("mkdir", { path: "/workspace/c/d" })).toEqual({ status: 204, body: undefined });
    expect((await post("rename", { old_path: "/workspace/b", new_path: "/workspace/c/b" })).body.path).toBe(
      "/workspace/c/b",
    );
    expect((await post("permissions", { path: "/workspace/c/b", permissions: "600" })).status).toBe(204);
    expect((await post("info", { path: "/workspace/c/b" })).body).toMatchObject({ mode: "0600", size: 2 });
    expect((await post("remove", { path: "/workspace/c" })).status).toBe(204);
    expect(await post("info", { path: "/workspace/c/b" })).toMatchObject({
      status: 404,
      body: { code: "file_not_found" },
    });
  });

  test("are streamed in and out, larger than the memory that is kept of them", async () => {
    const megabyte = randomBytes(1024 * 1024);
    const digest = createHash("sha256");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let n = 0; n < 40; n += 1) {
          digest.update(megabyte);
          controller.enqueue(megabyte);
        }
        controller.close();
      },
    });
    const put = await send("/file?path=/var/tmp/large%20file", { method: "PUT", body, duplex: "half" });
    expect(put.status).toBe(204);
    const back = await send("/file?path=/var/tmp/large%20file");
    expect(back.headers.get("content-type")).toBe("application/octet-stream");
    const read = createHash("sha256");
    for await (const chunk of back.body!) read.update(chunk);
    expect(read.digest("hex")).toBe(digest.digest("hex"));
    expect(await post("read", { path: "/var/tmp/large file", encoding: "base64" })).toMatchObject({
      status: 400,
      body: { code: "file_error" },
    });
    expect((await send("/file?path=/nowhere")).status).toBe(404);
    expect(await (await send("/file?path=/etc")).json()).toMatchObject({ code: "file_error" });
    expect((await send("/file?path=/var/tmp/empty", { method: "PUT" })).status).toBe(204);
    expect(await (await send("/file?path=/var/tmp/empty")).text()).toBe("");
  });

  test("end the reading when the caller hangs up", async () => {
    const leaving = new AbortController();
    const command = "dd if=/dev/zero of=/var/tmp/zeros bs=1M count=64";
    await fixture.client.machines.exec(machine.id, { command, shell: true });
    const response = await send("/file?path=/var/tmp/zeros", { signal: leaving.signal });
    await response.body!.getReader().read();
    leaving.abort();
    await eventually("no reader left", async () => {
      const { stdout } = await fixture.client.machines.exec(machine.id, { command: "ps" });
      return !/cat -- /.test(stdout);
    });
  });

  test("are the machine's user's to work on, or another's by name", async () => {
    expect((await post("write", { path: "mine", content: "1" }, guarded.id)).body).toMatchObject({
      path: "/tmp/mine",
      owner: expect.stringMatching(/1000|UNKNOWN/),
    });
    expect(await post("write", { path: "/etc/theirs", content: "1" }, guarded.id)).toMatchObject({
      status: 400,
      body: { code: "file_error", error: expect.stringMatching(/ermission denied/) },
    });
    await post("write", { path: "/tmp/secret", content: "1", user: "root" }, guarded.id);
    await post("permissions", { path: "/tmp/secret", permissions: "0600", user: "root" }, guarded.id);
    expect(await post("read", { path: "/tmp/secret" }, guarded.id)).toMatchObject({ body: { code: "file_error" } });
    expect((await post("read", { path: "/tmp/secret", user: "root" }, guarded.id)).body.content).toBe("1");
    expect(await post("read", { path: "/tmp/mine", user: "nobody-known" }, guarded.id)).toMatchObject({
      status: 400,
      body: { code: "invalid_request", error: expect.stringMatching(/nobody-known/) },
    });
    expect((await send("/file?path=/tmp/mine&user=nobody-known", {}, guarded.id)).status).toBe(400);
  });

  test("are refused for a machine that is not there, and one that has ended", async () => {
    expect(await post("read", { path: "/x" }, "mch_nobody")).toMatchObject({
      status: 404,
      body: { code: "machine_not_found" },
    });
    const ended = await fixture.client.machines.create({ template: "plain", vcpus: 1, memory_mb: 64 });
    await fixture.client.machines.delete(ended.id);
    expect(await post("read", { path: "/x" }, ended.id)).toMatchObject({ body: { code: "machine_not_ready" } });
  });
});
