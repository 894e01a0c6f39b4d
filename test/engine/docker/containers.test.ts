import { Readable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import {
  EngineConflictError,
  EngineNotFoundError,
  ExecTimeoutError,
  type OutputChunk,
} from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, openEngine, TEST_LABEL } from "./engine-fixture.ts";

const engine = openEngine();
afterAll(() => engine[Symbol.asyncDispose]());

async function text(chunks: AsyncIterable<OutputChunk>): Promise<string> {
  let all = "";
  for await (const { stream, data } of chunks) all += `${stream}:${data.toString()}`;
  return all;
}

describe("containers", () => {
  it("go from created to running to exited, and tell how they ended", async () => {
    const { id } = await engine.containers.create({
      Image: BASE_IMAGE,
      Cmd: ["sh", "-c", "exit 7"],
      Labels: engine.labels,
    });
    expect((await engine.containers.inspect(id)).State.Status).toBe("created");
    await engine.containers.start(id);
    expect(await engine.containers.wait(id)).toEqual({ exitCode: 7 });
    expect((await engine.containers.inspect(id)).State).toMatchObject({ Running: false, ExitCode: 7 });
    await engine.containers.remove(id);
    await expect(engine.containers.inspect(id)).rejects.toBeInstanceOf(EngineNotFoundError);
  });

  it("are listed by label, running ones only unless all are asked for", async () => {
    const label = `${TEST_LABEL}.list`;
    const Labels = { ...engine.labels, [label]: "yes" };
    const { id } = await engine.containers.create({ Image: BASE_IMAGE, Cmd: ["true"], Labels });
    const filters = { label: [`${label}=yes`] };
    expect(await engine.containers.list({ filters })).toEqual([]);
    const all = await engine.containers.list({ filters, all: true });
    expect(all.map(({ Id }) => Id)).toEqual([id]);
    await engine.containers.remove(id);
  });

  it("keep what both streams wrote, in order", async () => {
    const id = await engine.runContainer(["sh", "-c", "echo one; sleep 0.2; echo two >&2"]);
    await engine.containers.wait(id);
    expect(await text(engine.containers.logs(id))).toBe("stdout:one\nstderr:two\n");
    expect(await text(engine.containers.logs(id, { tail: 1 }))).toBe("stderr:two\n");
  });

  it("can be followed to their end", async () => {
    const id = await engine.runContainer(["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.1; done"]);
    expect(await text(engine.containers.logs(id, { follow: true }))).toBe("stdout:1\nstdout:2\nstdout:3\n");
  });

  it("give a terminal's output as it is", async () => {
    const { id } = await engine.containers.create({
      Image: BASE_IMAGE,
      Cmd: ["echo", "hi"],
      Tty: true,
      Labels: engine.labels,
    });
    await engine.containers.start(id);
    await engine.containers.wait(id);
    expect(await text(engine.containers.logs(id))).toBe("stdout:hi\r\n");
  });

  it("stop when asked, are killed with a signal, and pause", async () => {
    const id = await engine.runContainer(["sleep", "1000"]);
    await engine.containers.pause(id);
    expect((await engine.containers.inspect(id)).State.Status).toBe("paused");
    await engine.containers.unpause(id);
    await engine.containers.stop(id, { timeoutSeconds: 1 });
    await expect(engine.containers.kill(id)).rejects.toBeInstanceOf(EngineConflictError);
    await engine.containers.start(id);
    await engine.containers.kill(id, { killSignal: "SIGKILL" });
    expect((await engine.containers.wait(id)).exitCode).toBe(137);
  });

  it("of a missing image, or with a taken name, are refused by type", async () => {
    const missing = engine.containers.create({ Image: "nullspace-test/nowhere:1" });
    await expect(missing).rejects.toMatchObject({ code: "engine_not_found", status: 404 });
    const name = `nullspace-test-${process.pid}`;
    const config = { Image: BASE_IMAGE, Labels: engine.labels };
    const { id } = await engine.containers.create(config, { name });
    await expect(engine.containers.create(config, { name })).rejects.toBeInstanceOf(EngineConflictError);
    await engine.containers.remove(id);
  });
});

describe("a command in a container", () => {
  it("gives its exit code and its two streams apart", async () => {
    const id = await engine.runContainer(["sleep", "1000"]);
    const result = await engine.containers.exec(id, {
      cmd: ["sh", "-c", 'echo "$GREETING from $(pwd) as $(id -u)"; echo oops >&2; exit 9'],
      env: { GREETING: "hello" },
      workdir: "/tmp",
      user: "65534",
    });
    expect(result).toEqual({ exitCode: 9, stdout: "hello from /tmp as 65534\n", stderr: "oops\n", truncated: false });
  });

  it.each([
    ["text", "some input"],
    ["bytes", Buffer.from("some input")],
    ["a stream", Readable.from([Buffer.from("some "), Buffer.from("input")])],
  ])("reads %s on its standard input", async (_kind, stdin) => {
    const id = await engine.runContainer(["sleep", "1000"]);
    expect((await engine.containers.exec(id, { cmd: ["cat"], stdin })).stdout).toBe("some input");
  });

  it("may end without reading its input", async () => {
    const id = await engine.runContainer(["sleep", "1000"]);
    const stdin = Readable.from(
      (function* () {
        for (let i = 0; i < 64; i++) yield Buffer.alloc(65_536);
      })(),
    );
    expect((await engine.containers.exec(id, { cmd: ["true"], stdin })).exitCode).toBe(0);
  });

  it("has output beyond the limit dropped, of each stream by itself, and is not held up by it", async () => {
    const id = await engine.runContainer(["sleep", "1000"]);
    const cmd = ["sh", "-c", "dd if=/dev/zero bs=1M count=8 2>/dev/null | tr '\\0' x; echo short >&2"];
    const { stdout, stderr, truncated, exitCode } = await engine.containers.exec(id, { cmd, maxOutputBytes: 1000 });
    expect({ stdout, stderr, truncated, exitCode }).toEqual({
      stdout: "x".repeat(1000),
      stderr: "short\n",
      truncated: true,
      exitCode: 0,
    });
  });

  it("leaves no process behind when its time is over, not even one that left its session", async () => {
    const id = await engine.runContainer(["sleep", "1000"]);
    const cmd = ["sh", "-c", "echo begun; sleep 4321 & setsid sleep 4322"];
    const error = await engine.containers.exec(id, { cmd, timeoutMs: 1_500 }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ExecTimeoutError);
    expect(error).toMatchObject({ code: "exec_timeout", timeoutMs: 1_500, killed: true, stdout: "begun\n" });
    await expect
      .poll(async () => (await engine.containers.exec(id, { cmd: ["ps", "-o", "args"] })).stdout)
      .not.toMatch(/sleep 432/);
  });

  it("is killed when its signal aborts, and rejects with the reason", async () => {
    const id = await engine.runContainer(["sleep", "1000"]);
    const reason = new Error("no longer wanted");
    const controller = new AbortController();
    const running = engine.containers.exec(id, { cmd: ["sleep", "8765"], signal: controller.signal });
    await expect
      .poll(async () => (await engine.containers.exec(id, { cmd: ["ps", "-o", "args"] })).stdout)
      .toMatch(/sleep 8765/);
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect
      .poll(async () => (await engine.containers.exec(id, { cmd: ["ps", "-o", "args"] })).stdout)
      .not.toMatch(/sleep 8765/);
  });

  it("is refused in a container that does not run or does not exist", async () => {
    const { id } = await engine.containers.create({ Image: BASE_IMAGE, Labels: engine.labels });
    await expect(engine.containers.exec(id, { cmd: ["true"] })).rejects.toBeInstanceOf(EngineConflictError);
    await expect(engine.containers.exec("nullspace-nowhere", { cmd: ["true"] })).rejects.toBeInstanceOf(
      EngineNotFoundError,
    );
  });

  it("that does not exist in the image has the exit code that a shell gives it", async () => {
    const id = await engine.runContainer(["sleep", "1000"]);
    const result = await engine.containers.exec(id, { cmd: ["/no/such/program"] });
    expect([126, 127]).toContain(result.exitCode);
  });
});
