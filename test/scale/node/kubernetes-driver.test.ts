import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Readiness } from "../../../sdk/wire/index.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { podName } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import type {
  GuestCommand,
  GuestOutput,
  GuestSpec,
  MachineArtifact,
} from "../../../service/fleet/guests/machine-driver.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { machineDriverContract } from "../../unit/service/machine-driver-contract.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

describe.skipIf(!HAS_CLUSTER)("on a kubelet", () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster({ node: true });
  });

  afterAll(async () => cluster?.stop());

  async function open() {
    const instanceId = `test-${randomBytes(6).toString("hex")}`;
    const client = new KubernetesClient(await findCluster({ kubeconfig: cluster.kubeconfig }));
    const driver = new KubernetesMachineDriver(client, { namespace: "default", instanceId });
    return { driver, instanceId, image: cluster.registry?.busyboxImage ?? "" };
  }

  machineDriverContract("Kubernetes", async () => {
    const { driver, instanceId, image } = await open();
    let count = 0;
    return {
      driver,
      imageId: image,
      missingImageId: `${image.split("@")[0]}@sha256:${"0".repeat(64)}`,
      guestId: () => `gst_${instanceId}-${count++}`,
      async [Symbol.asyncDispose]() {
        const options = ["--selector", `${INSTANCE_LABEL}=${instanceId}`, "--now", "--wait=false"];
        await cluster.kubectl(["delete", "pods", ...options]);
        await driver.close();
      },
    };
  });

  describe("a machine", () => {
    let driver: KubernetesMachineDriver;
    let image: string;
    let guestId: string;
    let count = 0;

    const start = async (artifact: Partial<MachineArtifact> = {}, more: Partial<GuestSpec> = {}): Promise<string> => {
      const id = `gst_machine${(count += 1)}`;
      await driver.start({
        guestId: id,
        artifact: { templateId: "tmpl_m", imageId: image, env: {}, ...artifact },
        vcpus: 0.1,
        memoryMb: 64,
        internetAccess: true,
        ...more,
      });
      return id;
    };
    const run = (argv: string[], more: Partial<GuestCommand> = {}) =>
      driver.exec(guestId, { argv, timeoutMs: 60_000, ...more });

    beforeAll(async () => {
      ({ driver, image } = await open());
      guestId = await start({ env: { FROM_POD: "a$b $(HOSTNAME) $$ 'x'" } });
    });

    afterAll(async () => {
      for (const { guestId: id } of (await driver?.list()) ?? []) await driver.remove(id);
      await driver?.close();
    });

    it("gets arguments and variables as they are, whatever is in them", async () => {
      const odd = ["", "a b", "it's", '"$HOME" `id` \\', "line\nbreak\n", "日本 é 🙂", "$(echo no)", "--", "*"];
      const { stdout, exitCode } = await run(["sh", "-c", 'for a; do printf "%s\\0" "$a"; done', "sh", ...odd]);
      expect([exitCode, stdout.split("\0").slice(0, -1)]).toEqual([0, odd]);
      const env = { PLAIN: "it's\n$HOME \\", "not-an-identifier": "too" };
      const shown = await run(["sh", "-c", 'printf "%s," "$PLAIN" "$FROM_POD"'], { env });
      expect(shown.stdout).toBe("it's\n$HOME \\,a$b $(HOSTNAME) $$ 'x',");
      expect((await run(["env"], { env })).stdout).toContain("\nnot-an-identifier=too\n");
    });

    it("reads its input to the end, and has none that never ends", async () => {
      const stdin = Buffer.alloc(200_000, "line\n");
      expect((await run(["wc", "-c"], { stdin })).stdout.trim()).toBe("200000");
      expect((await run(["wc", "-c"], { stdin: Readable.from([stdin, stdin]) })).stdout.trim()).toBe("400000");
      expect((await run(["wc", "-c"])).stdout.trim()).toBe("0");
      expect(await run(["sh", "-c", "exec /nowhere/at-all"])).toMatchObject({ exitCode: 127 });
    });

    it("keeps what it writes apart and bounded, and is held up by a slow reader", async () => {
      expect(await run(["sh", "-c", "echo out; echo err >&2; exit 3"])).toEqual({
        exitCode: 3,
        stdout: "out\n",
        stderr: "err\n",
        truncated: false,
      });
      const much = await run(["sh", "-c", "head -c 20000000 /dev/zero"]);
      expect([much.truncated, much.stdout.length]).toEqual([true, 8 * 1024 * 1024]);
      let bytes = 0;
      const onOutput = async ({ data }: GuestOutput) => {
        bytes += data.length;
        await new Promise((resolve) => setImmediate(resolve));
      };
      await run(["sh", "-c", "head -c 5000000 /dev/zero"], { onOutput });
      expect(bytes).toBe(5_000_000);
    });

    it("has nothing left of a command that was given up, or whose reader threw", async () => {
      const script = "(sleep 4321 & sleep 4321) & sleep 4321";
      await expect(run(["sh", "-c", `echo begun; ${script}`], { timeoutMs: 2_000 })).rejects.toMatchObject({
        code: "guest_command_timeout",
        stdout: "begun\n",
        killed: true,
      });
      const onOutput = () => Promise.reject(new Error("enough"));
      await expect(run(["sh", "-c", `echo begun; ${script}`], { onOutput })).rejects.toThrow("enough");
      const stop = new AbortController();
      const stopping = run(["sh", "-c", script], { signal: stop.signal });
      setTimeout(() => stop.abort(new Error("not wanted")), 500);
      await expect(stopping).rejects.toThrow("not wanted");
      expect((await run(["sh", "-c", "ps | grep -c '[s]leep 4321'; true"])).stdout.trim()).toBe("0");
    });

    it("runs as the user that is asked for, and says when it cannot", async () => {
      expect((await run(["id", "-u"])).stdout).toBe("0\n");
      expect(await run(["id"], { user: "no-such-user" })).toMatchObject({ exitCode: 126 });
      const plain = await start({ user: "1234:1235", startCmd: "id -u; id -g; sleep 600" });
      await expect.poll(() => driver.logs(plain)).toEqual(["1234", "1235"]);
      const as = (user?: string) =>
        driver.exec(plain, { argv: ["id", "-u"], timeoutMs: 20_000, ...(user !== undefined && { user }) });
      expect(await as()).toMatchObject({ exitCode: 0, stdout: "1234\n" });
      expect(await as("0")).toMatchObject({ exitCode: 126 });
    });

    it("runs as the user whom its image names, by a number that only the image knows", async () => {
      const lines = ["RUN mkdir -p /etc && echo app:x:1234:1235::/home/app:/bin/sh >>/etc/passwd", "USER app"];
      const imageId = await cluster.registry!.push("named-user", lines);
      for (const user of [undefined, "app"]) {
        const named = await start({ imageId, startCmd: "id -u; sleep 600", ...(user !== undefined && { user }) });
        await expect.poll(() => driver.logs(named)).toEqual(["1234"]);
        const run = (as?: string) =>
          driver.exec(named, { argv: ["id", "-u"], timeoutMs: 20_000, ...(as !== undefined && { user: as }) });
        expect(await run()).toMatchObject({ exitCode: 0, stdout: "1234\n" });
        expect(await run("root")).toMatchObject({ exitCode: 126 });
      }
    });

    it("can do what its capabilities are, and no more", async () => {
      const script = "touch /f && chown 5:5 /f && echo chowned; mknod /n c 1 3 || echo no";
      expect((await run(["sh", "-c", script])).stdout).toBe("chowned\nno\n");
      expect(
        (await run(["sh", "-c", "ls /var/run/secrets 2>/dev/null; env | grep -c SERVICE_HOST"])).stdout.trim(),
      ).toBe("1");
      expect((await run(["cat", "/proc/self/status"])).stdout).toMatch(/NoNewPrivs:\s1[^]*Seccomp:\s2/);
    });

    it("ends as one that ran out of memory does, and as what its host ended does", async () => {
      const hungry = await start({ startCmd: "x=a; while :; do x=$x$x; done" });
      expect(await driver.waitExit(hungry)).toMatchObject({ outOfMemory: true });
      const evicted = await start();
      await cluster.kubectl(["delete", "pod", podName(evicted), "--wait=false"]);
      await expect(driver.waitExit(evicted)).rejects.toMatchObject({ code: "guest_not_running" });
      const filling = await start({ startCmd: "head -c 60000000 /dev/zero >/big; sleep 600" }, { diskMb: 16 });
      const exit = await driver.waitExit(filling);
      expect(exit.endedByHost).toMatch(/ephemeral|Evicted/);
    });

    it("is looked into for its readiness from inside", async () => {
      const startCmd = "mkdir -p /www; echo hello >/www/index.html; httpd -f -p 127.0.0.1:8080 -h /www";
      const web = await start({ startCmd });
      const signal = AbortSignal.timeout(60_000);
      const look = (readiness: Readiness) => driver.look(web, readiness, { signal, timeoutMs: 10_000 });
      await expect.poll(() => look({ kind: "tcp", port: 8080 }), { timeout: 20_000 }).toEqual({ ok: true });
      expect(await look({ kind: "tcp", port: 8081 })).toMatchObject({ ok: false });
      expect(await look({ kind: "http", port: 8080, path: "/" })).toEqual({ ok: true });
      expect(await look({ kind: "http", port: 8080, path: "/nothing" })).toMatchObject({ ok: false });
      expect(await look({ kind: "command", command: "echo why >&2; false" })).toMatchObject({
        reason: expect.stringContaining("why"),
      });
    });

    it("knows how large it may be", async () => {
      const size = await driver.hostSize();
      expect(size?.vcpus).toBeGreaterThan(0);
      expect(size?.memoryMb).toBeGreaterThan(64);
    });
  });
});
