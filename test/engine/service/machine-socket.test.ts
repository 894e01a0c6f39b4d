import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { request } from "undici";
import type { ExecServerMessage, Machine } from "../../../sdk/wire/index.ts";
import { eventually, FleetFixture } from "./fleet-fixture.ts";

const fixture = new FleetFixture();
let machine: Machine;

beforeAll(async () => {
  await fixture.start();
  fixture.seed("plain", "default");
  machine = await fixture.client.machines.create({ template: "plain", vcpus: 1, memory_mb: 64, envs: { A: "1" } });
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** A connection of the exec channel, with what came over it. */
class Channel implements Disposable {
  readonly socket: WebSocket;
  readonly messages: ExecServerMessage[] = [];
  closed: number | undefined;

  constructor(path = `/v1/machines/${machine.id}/ws?channel=exec`, key = fixture.access.apiKey) {
    const url = fixture.access.url.replace("http", "ws") + path;
    this.socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } });
    this.socket.on("message", (data: Buffer) => this.messages.push(JSON.parse(data.toString()) as ExecServerMessage));
    this.socket.on("close", (code) => (this.closed = code));
  }

  static async open(): Promise<Channel> {
    const channel = new Channel();
    await new Promise((resolve, reject) => {
      channel.socket.once("open", resolve);
      channel.socket.once("error", reject);
    });
    return channel;
  }

  send(message: object | string): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  start(id: string, command: string, more: object = {}): void {
    this.send({ type: "exec_start", id, command, args: [], timeout_secs: 30, shell: true, ...more });
  }

  /** Waits for a message, the first of its type for this id. */
  async next(id: string, type: ExecServerMessage["type"], timeoutMs?: number) {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- members differ by type
    const found: any = await eventually(
      `${type} of ${id}`,
      async () => this.messages.find((message) => message.id === id && message.type === type),
      timeoutMs,
    );
    return found;
  }

  text(id: string, type: "exec_stdout" | "exec_stderr"): string {
    return this.messages
      .map((message) => (message.id === id && message.type === type && "data" in message ? message.data : ""))
      .join("");
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}

/** Why a connection is refused, as HTTP tells it. */
async function refusal(path: string, key?: string) {
  const channel = new Channel(path, key);
  return new Promise<{ status: number; body: { code: string } }>((resolve, reject) => {
    channel.socket.once("open", () => reject(new Error("it was let in")));
    channel.socket.once("error", reject);
    channel.socket.once("unexpected-response", (_request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(chunks).toString()) as { code: string },
        }),
      );
    });
  });
}

const exec = async (command: string) =>
  (await fixture.client.machines.exec(machine.id, { command, shell: true })).stdout;
async function call(method: "GET" | "POST", path: string, body?: object) {
  const { url, apiKey } = fixture.access;
  const answer = await request(`${url}/v1/machines/${machine.id}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.body.text();
  return { status: answer.statusCode, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
}

describe("a streamed command", () => {
  test("tells its process id, what it writes as it writes it, and its exit code", async () => {
    using channel = await Channel.open();
    channel.start("one", 'echo "$A$B"; read x; echo "got $x" >&2; exit 7', { envs: { B: "2" } });
    const { pid } = await channel.next("one", "exec_started");
    // It waits for its input: what it wrote before is here.
    expect(await channel.next("one", "exec_stdout")).toEqual({ type: "exec_stdout", id: "one", pid, data: "12\n" });
    channel.send({ type: "exec_stdin", id: "one", pid, data: "word\n" });
    expect(await channel.next("one", "exec_exit")).toEqual({ type: "exec_exit", id: "one", pid, exit_code: 7 });
    expect(channel.messages.map(({ type }) => type)).toEqual([
      "exec_started",
      "exec_stdout",
      "exec_stderr",
      "exec_exit",
    ]);
    expect(channel.text("one", "exec_stderr")).toBe("got word\n");
  });

  test("keeps its characters whole, however its output is cut", async () => {
    using channel = await Channel.open();
    const line = "grüße 😀 ";
    channel.start("one", `i=0; while [ $i -lt 20000 ]; do printf '%s' '${line}'; i=$((i+1)); done`);
    await channel.next("one", "exec_exit");
    expect(channel.text("one", "exec_stdout")).toBe(line.repeat(20_000));
  });

  test("is one of several on a connection, each with its id", async () => {
    using channel = await Channel.open();
    for (const id of ["a", "b", "c"]) channel.start(id, `sleep 0.2; echo ${id}`);
    await Promise.all(["a", "b", "c"].map((id) => channel.next(id, "exec_exit")));
    expect(["a", "b", "c"].map((id) => channel.text(id, "exec_stdout"))).toEqual(["a\n", "b\n", "c\n"]);
    for (let n = 0; n < 17; n += 1) channel.start(`many${n}`, "sleep 30");
    expect((await channel.next("many16", "error")).message).toMatch(/16 commands/);
    channel.start("many1", "true");
    expect((await channel.next("many1", "error")).message).toMatch(/runs already/);
  });

  test("that takes too long is killed, and the error says so", async () => {
    using channel = await Channel.open();
    channel.start("late", "echo begun; sleep 4713", { timeout_secs: 3 });
    expect((await channel.next("late", "error")).message).toMatch(/did not end within 3 s and was killed/);
    expect(channel.text("late", "exec_stdout")).toBe("begun\n");
    expect(await exec("ps")).not.toMatch(/sleep 4713/);
  });

  test("dies with the connection of whoever it is streamed to", async () => {
    for (const leave of ["close", "terminate"] as const) {
      const channel = await Channel.open();
      channel.start("left", "sleep 4714");
      await channel.next("left", "exec_started");
      expect(await exec("ps")).toMatch(/sleep 4714/);
      channel.socket[leave]();
      await eventually("the command's end", async () => !/sleep 4714/.test(await exec("ps")));
    }
  });

  test("waits for a reader that is slow, and loses nothing", async () => {
    using channel = await Channel.open();
    await new Promise((resolve) => setTimeout(resolve, 10));
    channel.start(
      "fast",
      "i=0; while [ $i -lt 40 ]; do yes 1234567 | head -c 1000000; i=$((i+1)); echo $i >/tmp/progress; done",
    );
    await channel.next("fast", "exec_started");
    channel.socket.pause();
    const progress = async () => Number(await exec("cat /tmp/progress 2>/dev/null || echo 0"));
    const standing = await eventually("a standstill", async () => {
      const before = await progress();
      await new Promise((resolve) => setTimeout(resolve, 500));
      return before === (await progress()) && { at: before };
    });
    expect(standing.at).toBeLessThan(35);
    channel.socket.resume();
    await channel.next("fast", "exec_exit");
    expect(channel.text("fast", "exec_stdout")).toHaveLength(40_000_000);
  });

  test("is found by its process id over HTTP: listed, written to, read and killed", async () => {
    using channel = await Channel.open();
    channel.start("live", "read line; echo got $line; sleep 4715");
    const { pid } = await channel.next("live", "exec_started");
    expect((await call("POST", `/processes/${pid}/stdin`, { data: "hello\n" })).status).toBe(204);
    await channel.next("live", "exec_stdout");
    expect((await call("GET", "/processes")).body).toContainEqual({
      pid,
      command: "read line; echo got $line; sleep 4715",
      running: true,
    });
    expect((await call("GET", `/processes/${pid}/logs`)).body).toEqual({
      stdout: "got hello\n",
      stderr: "",
      output: "got hello\n",
    });
    expect((await call("POST", `/processes/${pid}/kill`)).status).toBe(204);
    expect(await channel.next("live", "exec_exit")).toMatchObject({ exit_code: 137 });
    expect((await call("GET", `/processes/${pid}/logs`)).body).toMatchObject({ exit_code: 137 });
    expect((await call("POST", `/processes/${pid}/stdin`, { data: "x" })).status).toBe(409);
    expect(await exec("ps")).not.toMatch(/sleep 4715/);
  });

  test("has its input closed and is killed over the connection, too", async () => {
    using channel = await Channel.open();
    channel.start("cat", "cat");
    const { pid } = await channel.next("cat", "exec_started");
    channel.send({ type: "exec_stdin", id: "cat", pid, data: "all" });
    channel.send({ type: "exec_stdin_close", id: "cat", pid });
    expect(await channel.next("cat", "exec_exit")).toMatchObject({ exit_code: 0 });
    expect(channel.text("cat", "exec_stdout")).toBe("all");
    channel.start("sleep", "sleep 4716");
    channel.send({ type: "exec_stdin", id: "nobody", pid, data: "" });
    expect((await channel.next("nobody", "error")).message).toMatch(/No command "nobody"/);
    await channel.next("sleep", "exec_started");
    channel.send({ type: "exec_kill", id: "sleep", pid });
    expect(await channel.next("sleep", "exec_exit")).toMatchObject({ exit_code: 137 });
  });

  test("may be a background process, whose output comes from its beginning and which outlives the connection", async () => {
    const { body } = await call("POST", "/exec", {
      command: "echo early; read x; echo late $x; echo err >&2; exit 3",
      shell: true,
      background: true,
    });
    const { pid } = body as { pid: number };
    {
      using channel = await Channel.open();
      channel.send({ type: "exec_connect", id: "first", pid });
      await channel.next("first", "exec_stdout");
    }
    using channel = await Channel.open();
    channel.send({ type: "exec_connect", id: "again", pid });
    expect(await channel.next("again", "exec_started")).toMatchObject({ pid });
    await call("POST", `/processes/${pid}/stdin`, { data: "word\n" });
    expect(await channel.next("again", "exec_exit")).toMatchObject({ exit_code: 3 });
    expect([channel.text("again", "exec_stdout"), channel.text("again", "exec_stderr")]).toEqual([
      "early\nlate word\n",
      "err\n",
    ]);
    channel.send({ type: "exec_connect", id: "none", pid: 99_999 });
    expect((await channel.next("none", "error")).message).toMatch(/no background process 99999/);
  });

  test("that cannot begin is an error of its own, and the connection goes on", async () => {
    using channel = await Channel.open();
    channel.start("cwd", "echo ran", { cwd: "/no/where" });
    expect((await channel.next("cwd", "error")).message).toMatch(/no folder "\/no\/where"/);
    channel.start("args", "echo", { args: ["a"] });
    expect((await channel.next("args", "error")).message).toMatch(/shell and args/);
    channel.start("unknown", "no-such-command", { shell: false });
    expect(await channel.next("unknown", "exec_exit")).toMatchObject({ exit_code: 127 });
    channel.send("{");
    expect((await channel.next("", "error")).message).toMatch(/not JSON/);
    channel.send({ type: "exec_start", id: "bad", command: 1 });
    expect((await channel.next("bad", "error")).message).toMatch(/command/);
    channel.send({ type: "file_watch", id: "watch", path: "/" });
    expect((await channel.next("watch", "error")).message).toMatch(/no file_watch/);
    channel.start("good", "pwd", { cwd: "/tmp" });
    await channel.next("good", "exec_exit");
    expect(channel.text("good", "exec_stdout")).toBe("/tmp\n");
  });
});

describe("the WebSocket of a machine", () => {
  test("is refused before it opens: without the key, for no machine, for another channel, without an upgrade", async () => {
    const path = `/v1/machines/${machine.id}/ws`;
    expect(await refusal(`${path}?channel=exec`, "wrong")).toMatchObject({
      status: 401,
      body: { code: "unauthorized" },
    });
    expect(await refusal("/v1/machines/mch_none/ws?channel=exec")).toMatchObject({
      status: 404,
      body: { code: "machine_not_found" },
    });
    for (const channel of ["?channel=pty", "?channel=other", ""]) {
      expect(await refusal(path + channel)).toMatchObject({ status: 501, body: { code: "not_implemented" } });
    }
    expect(await refusal("/v1/monitor/ws")).toMatchObject({ status: 501, body: { code: "not_implemented" } });
    expect(await call("GET", "/ws?channel=exec")).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });

  test("serves machines under their old name, too", async () => {
    using channel = new Channel(`/v1/sandboxes/${machine.id}/ws?channel=exec`);
    await new Promise((resolve) => channel.socket.once("open", resolve));
    channel.start("one", "echo old");
    await channel.next("one", "exec_exit");
    expect(channel.text("one", "exec_stdout")).toBe("old\n");
  });

  test("is closed with its code when the service stops, and its commands with it", async () => {
    using channel = await Channel.open();
    channel.start("one", "sleep 4717");
    await channel.next("one", "exec_started");
    await fixture.stop();
    await eventually("the close", async () => channel.closed !== undefined);
    expect(channel.closed).toBe(1001);
    await fixture.start();
    await eventually("the command's end", async () => !/sleep 4717/.test(await exec("ps")));
  });
});
