import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../cluster/cluster.ts";
import { sweepClusters } from "../cluster/leftovers.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { processesNaming } from "../cluster/traces.ts";

const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "one" },
  spec: {
    nodeSelector: { type: "kwok" },
    containers: [{ name: "main", image: "registry.example/none:1" }],
  },
};

// Building Kubernetes takes longer than every test of a change: they use one that is there.
describe.skipIf(!HAS_CLUSTER)("a cluster without a node (skipped where set-up has not built Kubernetes)", () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
  });
  afterAll(() => cluster.stop());

  it("knows who asks, by each kind of kubeconfig", async () => {
    const names: Record<string, string> = {};
    for (const [kind, kubeconfig] of Object.entries(cluster.kubeconfigs) as [string, string][]) {
      const { stdout, stderr } = await cluster.kubectl(["auth", "whoami", "--output=json"], { kubeconfig });
      if (stdout === "") throw new Error(stderr);
      names[kind] = (JSON.parse(stdout) as { status: { userInfo: { username: string } } }).status.userInfo.username;
    }
    expect(names).toEqual({
      token: "admin",
      tokenFile: "admin",
      clientCertificate: "admin-by-certificate",
      exec: "admin",
      unprivileged: "nullspace",
    });
  });

  it("lets the user without rights do what a RoleBinding says, and nothing else", async () => {
    const kubeconfig = cluster.kubeconfigs.unprivileged;
    const pods = () => cluster.kubectl(["get", "pods", "--namespace=rights"], { kubeconfig });
    await cluster.kubectl(["create", "namespace", "rights"]);
    expect((await pods()).stderr).toContain('User "nullspace" cannot list resource "pods"');
    await cluster.kubectl(["create", "role", "reader", "--verb=list", "--resource=pods", "--namespace=rights"]);
    await cluster.kubectl(["create", "rolebinding", "r", "--role=reader", "--user=nullspace", "--namespace=rights"]);
    await expect.poll(async () => (await pods()).code).toBe(0);
    const secrets = await cluster.kubectl(["get", "secrets", "--namespace=rights"], { kubeconfig });
    expect(secrets.stderr).toContain('cannot list resource "secrets"');
  });

  it("has nodes on which a pod gets ready though nothing runs", async () => {
    const created = await cluster.kubectl(["create", "--filename=-"], { input: JSON.stringify(POD) });
    expect(created).toMatchObject({ code: 0, stderr: "" });
    const waited = await cluster.kubectl(["wait", "--for=condition=Ready", "--timeout=60s", "pod/one"]);
    expect(waited).toMatchObject({ code: 0, stdout: "pod/one condition met\n" });
    expect((await cluster.kubectl(["delete", "pod", "one"])).code).toBe(0);
  });

  it("keeps what it has when its API server is killed, and answers nobody while that is frozen", async () => {
    const { apiserver } = cluster.controlPlane;
    await cluster.kubectl(["create", "configmap", "kept"]);
    await apiserver.kill();
    expect((await cluster.kubectl(["get", "configmap", "kept"])).stderr).toContain("refused");
    await apiserver.start();
    await cluster.untilReady();
    expect((await cluster.kubectl(["get", "configmap", "kept", "--output=name"])).stdout).toBe("configmap/kept\n");
    apiserver.freeze();
    const unanswered = await cluster.kubectl(["get", "configmap", "kept", "--request-timeout=1s"]);
    apiserver.thaw();
    expect(unanswered.code).not.toBe(0);
    await cluster.untilReady();
  });
});

describe.skipIf(!HAS_CLUSTER)("the end of a cluster (skipped where set-up has not built Kubernetes)", () => {
  it("leaves neither processes nor files", async () => {
    const cluster = await startCluster({ kwokNodes: 1 });
    expect(processesNaming(cluster.folder).length).toBeGreaterThanOrEqual(5);
    await cluster.stop();
    expect(processesNaming(cluster.folder)).toEqual([]);
    expect(existsSync(cluster.folder)).toBe(false);
  });

  it("comes with the end of who has started it, and the next start takes the files away", async () => {
    const program = `import { startCluster } from ${JSON.stringify(new URL("../cluster/cluster.ts", import.meta.url).href)};
const { folder } = await startCluster();
console.log(folder);
setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [folder] = (await once(createInterface(owner.stdout), "line")) as [string];
    expect(processesNaming(folder).length).toBeGreaterThanOrEqual(4);
    owner.kill("SIGKILL");
    await once(owner, "close");
    await expect.poll(() => processesNaming(folder)).toEqual([]);
    expect(existsSync(folder)).toBe(true);
    await sweepClusters();
    expect(existsSync(folder)).toBe(false);
  });
});
