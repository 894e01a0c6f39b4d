import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBuildKitDaemon } from "../../engine/docker/buildkit-daemon.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { tool } from "../cluster/tools.ts";
import { tracesOf } from "../cluster/traces.ts";

/** What the kernel is told by a kubelet or a network plugin that nobody stops. */
const SETTINGS = [
  "kernel/panic",
  "kernel/panic_on_oops",
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "net/ipv4/ip_forward",
];
/** Where programs of a node leave files at fixed paths. */
const PLACES = [
  "/opt/containerd",
  "/run/netns",
  "/var/lib/cni",
  "/var/lib/kubelet",
  "/var/log/pods",
  "/var/log/containers",
];

const settings = () => SETTINGS.map((name) => readFileSync(`/proc/sys/${name}`, "utf8").trim());
const places = () => PLACES.filter((path) => existsSync(path));

let cluster: Cluster;
const before = { settings: settings(), places: places() };

beforeAll(async () => {
  cluster = await startCluster({ node: true, kwokNodes: 1 });
});
afterAll(() => cluster.stop());

function pod(name: string, image: string, command?: string[]): string {
  const container = { name: "main", image, ...(command === undefined ? {} : { command }) };
  const spec = { terminationGracePeriodSeconds: 0, restartPolicy: "Never", containers: [container] };
  return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name }, spec });
}

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
  return stdout;
}

async function create(text: string): Promise<void> {
  const { code, stderr } = await cluster.kubectl(["create", "--filename=-"], { input: text });
  if (code !== 0) throw new Error(stderr);
}

describe("a cluster with a node", () => {
  it("runs a pod of an image that BuildKit has pushed to its registry: logs, exec, its address, its end", async () => {
    const dir = await mkdtemp(join(tmpdir(), "nullspace-scale-"));
    const image = `${cluster.registry!.host}/team/app:1`;
    await using daemon = await startBuildKitDaemon();
    await writeFile(
      join(dir, "Dockerfile"),
      `FROM ${cluster.registry!.busyboxImage}\nRUN echo built > /built\nCMD echo up; exec httpd -f -p 80 -h /\n`,
    );
    const local = ["--local", `context=${dir}`, "--local", `dockerfile=${dir}`];
    const output = `type=image,name=${image},push=true`;
    const args = ["--addr", daemon.address, "build", "--frontend=dockerfile.v0", ...local, "--output", output];
    await promisify(execFile)(tool("buildctl"), args);
    await rm(dir, { recursive: true });

    await create(pod("app", image));
    await run("wait", "--for=condition=Ready", "--timeout=60s", "pod/app");
    await expect.poll(() => run("logs", "app")).toBe("up\n");
    expect(await run("exec", "app", "--", "cat", "/built")).toBe("built\n");
    const failed = await cluster.kubectl(["exec", "app", "--", "sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(failed).toMatchObject({ code: 3, stdout: "out\n" });
    expect(failed.stderr).toContain("err\n");
    const echoed = await cluster.kubectl(["exec", "--stdin", "app", "--", "cat"], { input: "in\n" });
    expect(echoed.stdout).toBe("in\n");

    const address = await run("get", "pod", "app", "--output=jsonpath={.status.podIP}");
    expect(await (await fetch(`http://${address}/built`)).text()).toBe("built\n");
    await create(pod("peer", image));
    await run("wait", "--for=condition=Ready", "--timeout=60s", "pod/peer");
    expect(await run("exec", "peer", "--", "wget", "-q", "-O", "-", `http://${address}/built`)).toBe("built\n");
    await run("delete", "pod", "app", "peer");
    expect((await cluster.kubectl(["get", "pod", "app"])).stderr).toContain("NotFound");
  });

  it("says why a pod does not run: an image that is not there, a limit that was reached, an exit code", async () => {
    const { host, busyboxImage } = cluster.registry!;
    await create(pod("absent", `${host}/team/none:1`));
    await create(pod("ended", busyboxImage, ["sh", "-c", "exit 7"]));
    const limited = JSON.parse(pod("limited", busyboxImage, ["tail", "/dev/zero"])) as {
      spec: { containers: object[] };
    };
    Object.assign(limited.spec.containers[0]!, { resources: { limits: { memory: "16Mi" } } });
    await create(JSON.stringify(limited));
    const status = (name: string, path: string) =>
      run("get", "pod", name, `--output=jsonpath={.status.containerStatuses[0].state.${path}}`);
    const timeout = { timeout: 60_000 };
    await expect.poll(() => status("absent", "waiting.reason"), timeout).toMatch(/^(ErrImagePull|ImagePullBackOff)$/);
    await expect.poll(() => status("ended", "terminated.exitCode"), timeout).toBe("7");
    await expect.poll(() => status("limited", "terminated.reason"), timeout).toBe("OOMKilled");
    await run("delete", "pod", "absent", "ended", "limited");
  });

  it("has a node of KWOK beside the real one, to which only pods that ask for it come", async () => {
    await create(pod("real", cluster.registry!.busyboxImage, ["sleep", "1000"]));
    await run("wait", "--for=condition=Ready", "--timeout=60s", "pod/real");
    expect(await run("get", "pod", "real", "--output=jsonpath={.spec.nodeName}")).toBe("node1");
    const faked = JSON.parse(pod("faked", "registry.example/none:1")) as { spec: object };
    Object.assign(faked.spec, {
      nodeSelector: { type: "kwok" },
      tolerations: [{ key: "kwok.x-k8s.io/node", operator: "Exists" }],
    });
    await create(JSON.stringify(faked));
    await run("wait", "--for=condition=Ready", "--timeout=60s", "pod/faked");
    expect(await run("get", "pod", "faked", "--output=jsonpath={.spec.nodeName}")).toBe("kwok-0");
  });

  it("goes without a trace, though pods run on it", async () => {
    const { folder } = cluster;
    const running = tracesOf(folder);
    for (const kind of ["processes", "files", "links", "rules", "groups"] as const) {
      expect(running[kind], kind).not.toEqual([]);
    }
    const veths = [...running.links.join("\n").matchAll(/\d+: (veth\w+)/g)].map(([, name]) => name!);
    expect(veths).not.toEqual([]);
    await cluster.stop();
    expect(tracesOf(folder)).toEqual({ processes: [], files: [], mounts: [], links: [], rules: [], groups: [] });
    expect(veths.filter((name) => existsSync(`/sys/class/net/${name}`))).toEqual([]);
    expect({ settings: settings(), places: places() }).toEqual(before);
  });
});
