import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KubernetesAwayError, KubernetesError } from "../../../../service/drivers/kubernetes/client/errors.ts";
import { execInPod, type PodExec } from "../../../../service/drivers/kubernetes/client/exec-in-pod.ts";
import { KubernetesClient } from "../../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { openStandIn, statusOf, type StandIn } from "./stand-in.ts";

describe("a command in a pod", () => {
  let server: StandIn;
  let client: KubernetesClient;
  let stop: AbortController;
  let wrote: { stdout: string; stderr: string };

  beforeEach(async () => {
    server = await openStandIn();
    client = new KubernetesClient(server.access());
    stop = new AbortController();
    wrote = { stdout: "", stderr: "" };
  });

  afterEach(async () => {
    stop.abort();
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  const run = (script: string, more: Partial<PodExec> = {}) =>
    execInPod(client, {
      namespace: "default",
      pod: "p",
      container: "c",
      command: ["sh", "-c", script],
      onOutput: ({ stream, data }) => void (wrote[stream] += data.toString("latin1")),
      signal: stop.signal,
      ...more,
    });

  it("tells its exit code, and its two streams apart", async () => {
    expect(await run("echo out; echo err >&2; exit 3")).toBe(3);
    expect(wrote).toEqual({ stdout: "out\n", stderr: "err\n" });
    expect(await run("true")).toBe(0);
    expect(server.seen[0]).toMatchObject({ authorization: "Bearer a-secret-token" });
    expect(server.seen[0]?.url.searchParams.getAll("command")).toEqual(["sh", "-c", "echo out; echo err >&2; exit 3"]);
  });

  it("is heard from the first byte on, also when its end comes together with its beginning", async () => {
    for (let round = 0; round < 20; round++) {
      server.ending = JSON.stringify({ kind: "Status", status: "Success" });
      wrote.stdout = "";
      expect(await run("true")).toBe(0);
      expect(wrote.stdout).toBe("early");
      server.ending = statusOf(500, "InternalError", "dial tcp: connection refused");
      await expect(run("true")).rejects.toThrow("dial tcp: connection refused");
    }
  });

  it("reads its input to the end, however long, also as a stream", async () => {
    const input = Buffer.alloc(300_000, "x");
    expect(await run("wc -c", { stdin: input, needsStdinEnd: true })).toBe(0);
    expect(wrote.stdout.trim()).toBe("300000");
    wrote.stdout = "";
    const stdin = Readable.from([input, input]);
    expect(await run("cat >/dev/null; echo read", { stdin, needsStdinEnd: true })).toBe(0);
    expect(wrote.stdout).toBe("read\n");
    // It may end without reading it.
    expect(await run("exit 4", { stdin: Buffer.alloc(5_000_000), needsStdinEnd: true })).toBe(4);
  });

  it("speaks v4 with a server that has no v5, unless it needs the end of its input", async () => {
    server.protocol = "v4.channel.k8s.io";
    expect(await run("read -r line; echo $line", { stdin: Buffer.from("hello\n") })).toBe(0);
    expect(wrote.stdout).toBe("hello\n");
    await expect(run("cat", { stdin: Buffer.from("x"), needsStdinEnd: true })).rejects.toThrow(KubernetesError);
  });

  it("is held up by a slow reader, and loses nothing of what it writes", async () => {
    let size = 0;
    let isBusy = false;
    const onOutput = async ({ data }: { data: Buffer }) => {
      expect(isBusy).toBe(false);
      isBusy = true;
      if (size === 0) await nothingMoves();
      size += data.length;
      isBusy = false;
    };
    /** Waits until the server has had the same amount waiting for a while: it cannot get rid of it. */
    const nothingMoves = async () => {
      const { socket, child } = server.execs[0] ?? expect.fail("no command runs");
      for (let same = 0, before = -1; same < 20; before = socket.bufferedAmount) {
        await sleep(10);
        expect(child.exitCode).toBeNull();
        same = socket.bufferedAmount > 0 && socket.bufferedAmount === before ? same + 1 : 0;
      }
    };
    expect(await run("head -c 40000000 /dev/zero; exit 5", { onOutput })).toBe(5);
    expect(size).toBe(40_000_000);
  });

  it("tells what its reader throws, and its signal's reason, and lets the connection go", async () => {
    const onOutput = () => Promise.reject(new Error("enough"));
    await expect(run("echo a; sleep 60", { onOutput })).rejects.toThrow("enough");
    const running = run("sleep 60");
    setTimeout(() => stop.abort(new Error("not wanted")), 100);
    await expect(running).rejects.toThrow("not wanted");
    await expect.poll(() => server.execs.every(({ socket }) => socket.readyState === socket.CLOSED)).toBe(true);
  });

  it("tells that nothing is known of it when the connection breaks off, or ends without a status", async () => {
    const broken = run("echo begun; sleep 60", { onOutput: () => server.breakAll() });
    await expect(broken).rejects.toThrow(KubernetesAwayError);
    const ended = run("echo begun; sleep 60", { onOutput: () => server.execs.at(-1)?.socket.close() });
    await expect(ended).rejects.toThrow(/broke off/);
    server.protocol = 404;
    await expect(run("true")).rejects.toMatchObject({ status: 404, reason: "Refused" });
  });

  it("tells a command that could not be run from one that failed", async () => {
    await expect(run("", { command: ["/nowhere/at-all"] })).rejects.toMatchObject({ reason: "InternalError" });
  });
});
