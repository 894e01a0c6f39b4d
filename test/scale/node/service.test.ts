import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NullspaceClient } from "../../../sdk/client/index.ts";
import { startBuildKitDaemon, type BuildKitDaemonProcess } from "../../engine/docker/buildkit-daemon.ts";
import { GUEST_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

const COMMAND = fileURLToPath(new URL("../../../service/bin/nullspace-local.ts", import.meta.url));
const FLAGS = ["--conditions=nullspace-source", "--disable-warning=ExperimentalWarning"];
const WITHOUT_ENGINE = { ...process.env, DOCKER_HOST: "unix:///nowhere.sock" };
const SIZE = { vcpus: 1, memory_mb: 64 };

describe.skipIf(!HAS_CLUSTER)(
  "a service with builders, a registry and machines on Kubernetes, without an engine",
  () => {
    let cluster: Cluster;
    let builder: BuildKitDaemonProcess;
    let child: ChildProcess;
    let client: NullspaceClient;
    let baseUrl = "";
    const data = mkdtempSync(join(tmpdir(), "nullspace-scale-"));

    beforeAll(async () => {
      [cluster, builder] = await Promise.all([startCluster({ node: true }), startBuildKitDaemon()]);
      const more = ["--port=0", `--base-image=${cluster.registry?.busyboxImage}`, "--cpu-overcommit=20"];
      child = spawn(process.execPath, [...FLAGS, COMMAND, "serve", `--data=${data}`, ...setup(), ...more], {
        stdio: ["ignore", "pipe", "ignore"],
        env: WITHOUT_ENGINE,
      });
      const values = new Map<string, string>();
      for await (const line of createInterface({ input: child.stdout! })) {
        const at = line.indexOf("=");
        values.set(line.slice(0, at), line.slice(at + 1));
        if (values.has("NULLSPACE_API_URL") && values.has("NULLSPACE_API_KEY")) break;
      }
      const apiKey = values.get("NULLSPACE_API_KEY") ?? "";
      baseUrl = values.get("NULLSPACE_API_URL") ?? "";
      client = new NullspaceClient({ baseUrl, apiKey });
    });

    afterAll(async () => {
      await client?.close();
      if (child !== undefined) {
        child.kill();
        if (child.exitCode === null) await once(child, "exit");
      }
      await builder?.[Symbol.asyncDispose]();
      await cluster?.stop();
      rmSync(data, { recursive: true, force: true });
    });

    /** What every command that looks after the service is told of it. */
    const setup = () => [
      "--builder=buildkit",
      `--builder-address=${builder.address}`,
      `--registry=${cluster.registry?.host}/nullspace`,
      "--machines=kubernetes",
      `--kubeconfig=${cluster.kubeconfig}`,
    ];

    /** Runs a command about the service's data folder. */
    const command = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
      const options = { env: WITHOUT_ENGINE };
      const run = promisify(execFile)(process.execPath, [...FLAGS, COMMAND, ...args, `--data=${data}`], options);
      return run.then(
        (output) => ({ code: 0, ...output }),
        (error: unknown) => error as { code: number; stdout: string; stderr: string },
      );
    };

    const podsOf = async () => (await cluster.kubectl(["get", "pods", "--output=name"])).stdout.trim();

    const build = async (version: string, startCmd: string) => {
      const started = await client.builds.start({
        name: "web",
        tags: ["stable"],
        dockerfile: `FROM ${cluster.registry?.busyboxImage}\nRUN mkdir /www && echo ${version} > /www/v\n`,
        start_cmd: startCmd,
        runtime_config: { readiness: { kind: "http", port: 80, path: "/v" }, default_user: "0" },
      });
      return client.builds.waitUntilTerminal(started.build_id);
    };

    it("builds, tries the start command in a pod, and runs pools and machines of what it built", async () => {
      const first = await build("one", "exec httpd -f -p 127.0.0.1:80 -h /www");
      expect(first.build.status).toBe("ready");
      const pool = await client.warmPools.create({
        name: "p",
        template_ref: "web:stable",
        version_policy: "track_tag",
        min_ready: 1,
        max_ready: 2,
        resources: SIZE,
      });
      await client.warmPools.waitUntilReady(pool.id, { intervalMs: 100 });
      const claim = () =>
        client.machines.create({ template: "web:stable", ...SIZE, warm_pool: { id: pool.id, mode: "require" } });
      const machine = await claim();
      const version = async (id: string) =>
        (await client.machines.exec(id, { command: "cat", args: ["/www/v"] })).stdout.trim();
      expect(await version(machine.id)).toBe("one");
      const { stdout } = await cluster.kubectl([
        ...["get", "pods", "-l", GUEST_LABEL],
        ...["-o", "jsonpath={.items[*].spec.containers[0].image}"],
      ]);
      for (const image of stdout.split(" ")) expect(image).toMatch(/^127\.0\.0\.1:\d+\/nullspace@sha256:[0-9a-f]{64}$/);

      const failed = await build("bad", "exit 3").catch((error: unknown) => error);
      expect(JSON.stringify(failed) + String(failed)).toMatch(/exit code 3|start_command_exited/);
      expect(await version((await claim()).id)).toBe("one");
      await build("two", "exec httpd -f -p 127.0.0.1:80 -h /www");
      await expect
        .poll(
          async () => {
            const { status, rollout_generation: generation } = await client.warmPools.get(pool.id);
            return [generation, status.ready, status.warming];
          },
          { timeout: 90_000, interval: 200 },
        )
        .toEqual([2, 1, 0]);
      expect(await version((await claim()).id)).toBe("two");
    });

    it("says what it cannot do, and that the cluster is away", async () => {
      const asked = client.machines.create({ template: "web:stable", ...SIZE, internet_access: false });
      await expect(asked).rejects.toMatchObject({ status: 501 });
      const health = async () => (await fetch(`${baseUrl}/readyz`)).text();
      await expect
        .poll(health, { timeout: 60_000 })
        .toMatch(/without internet access are not offered: .*does not enforce/);
      const machine = await client.machines.create({ template: "web:stable", ...SIZE });
      await cluster.controlPlane.apiserver.kill();
      const away = client.machines.create({ template: "web:stable", ...SIZE });
      await expect(away).rejects.toMatchObject({ code: "engine_unavailable" });
      await cluster.controlPlane.apiserver.start();
      await cluster.untilReady();
      await expect
        .poll(
          async () => (await client.machines.exec(machine.id, { command: "true" }).catch(() => undefined))?.exit_code,
          {
            timeout: 60_000,
          },
        )
        .toBe(0);
    });

    it("is looked at by doctor where it is: builder, registry, cluster, and no engine", async () => {
      const { code, stdout } = await command("doctor", "--json", ...setup());
      const { checks, engine } = JSON.parse(stdout) as {
        checks: { name: string; status: string; message: string }[];
        engine?: object;
      };
      expect(engine).toBeUndefined();
      const found = Object.fromEntries(checks.map(({ name, status, message }) => [name, `${status} ${message}`]));
      expect(found).toMatchObject({
        builder: expect.stringMatching(/^ok BuildKit /),
        registry: expect.stringMatching(/^ok .*deletes$/),
        cluster: expect.stringMatching(/^ok Kubernetes v1\.33.*namespace default, [1-9]\d* pods of this service$/),
        images: expect.stringMatching(/^ok /),
      });
      expect(Object.keys(found)).not.toContain("engine");
      expect(code).toBe(0);

      // Somebody who may do nothing.
      const other = setup().map((each) =>
        each.startsWith("--kubeconfig") ? `--kubeconfig=${cluster.kubeconfigs.unprivileged}` : each,
      );
      const refused = await command("doctor", ...other);
      expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining("may not create pods, delete pods")]);
    });

    it("tells doctor and firewall by its folder that there is no engine to ask", async () => {
      const { code, stdout } = await command("doctor");
      expect(stdout).toMatch(
        /^warn setup .*\n +Add the options that serve has: --builder buildkit .* --machines kubernetes$/m,
      );
      expect([code, stdout]).toEqual([0, expect.not.stringContaining("nowhere.sock")]);
      const rules = await command("firewall");
      expect([rules.code, rules.stderr]).toEqual([2, expect.stringContaining("NetworkPolicy")]);
    });

    it("goes with a reset: its pods, what it has in the registry, its folder; and not without being told where they are", async () => {
      child.kill();
      if (child.exitCode === null) await once(child, "exit");
      const unaware = await command("reset", "--yes");
      expect(unaware).toMatchObject({ code: 2, stderr: expect.stringContaining("--machines kubernetes") });
      const asked = await command("reset", ...setup());
      expect(asked.stdout).toMatch(/^[1-9]\d* pods of machines and pools in default$/m);
      expect(asked.stdout).toMatch(/^\d+ images in 127\.0\.0\.1:\d+\/nullspace \(.*\), and 1 cache of builds$/m);
      expect([asked.code, await podsOf()]).toEqual([2, expect.stringContaining("pod/")]);
      await cluster.controlPlane.apiserver.kill();
      const away = await command("reset", "--yes", ...setup());
      expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining("engine_unavailable") });
      await cluster.controlPlane.apiserver.start();
      await cluster.untilReady();
      expect(await command("reset", "--yes", ...setup())).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^All of it is removed\.$/m),
      });
      expect(await podsOf()).toBe("");
      expect((await cluster.kubectl(["get", "networkpolicies", "--output=name"])).stdout).toBe("");
      // docker-registry keeps a tag whose manifest is deleted on no list.
      const tags = await fetch(`http://${cluster.registry?.host}/v2/nullspace/tags/list`);
      expect(((await tags.json()) as { tags?: string[] | null }).tags ?? []).toEqual([]);
      expect(existsSync(data)).toBe(false);
    });
  },
);
