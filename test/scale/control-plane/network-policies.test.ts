import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { NETWORK_LABEL, podName, PROBE_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { Isolation } from "../../../service/drivers/kubernetes/isolation.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { succeedingKubectl } from "../cluster/succeeding-kubectl.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

describe.skipIf(!HAS_CLUSTER)("policies of a service (skipped where set-up has not built Kubernetes)", () => {
  let cluster: Cluster;
  const drivers: KubernetesMachineDriver[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 1 });
  });
  afterAll(async () => {
    for (const driver of drivers) await driver.close();
    await cluster?.stop();
  });

  async function open({
    namespace = "default",
    kubeconfig = cluster.kubeconfig,
    podMs = 1_000,
    allowedEgress = [""],
  } = {}) {
    const client = new KubernetesClient(await findCluster({ kubeconfig }));
    const instanceId = `test-${randomBytes(6).toString("hex")}`;
    const settings = { namespace, instanceId };
    const ranges = allowedEgress.filter((range) => range !== "");
    let isolation: Isolation | undefined;
    const driver = new KubernetesMachineDriver(client, settings, {}, (pods) => {
      const place = { client, pods, settings, image: "registry.test/busybox", podMs, allowedEgress: ranges };
      return (isolation = new Isolation(place));
    });
    drivers.push(driver);
    return { driver, instanceId, isolation: isolation! };
  }

  const kubectl = (args: readonly string[], input?: string) => succeedingKubectl(cluster, args, input);
  const signal = () => AbortSignal.timeout(60_000);
  const specOf = (guestId: string, internetAccess: boolean) => ({
    guestId,
    artifact: { templateId: "tmpl_policies", imageId: "registry.test/machines:1", env: {} },
    vcpus: 1,
    memoryMb: 64,
    internetAccess,
  });

  it("are there before its first machine is, select it, and are put right when somebody has changed them", async () => {
    const { driver, instanceId, isolation } = await open({ allowedEgress: ["10.8.0.0/16", "fd00::/8"] });
    await driver.start(specOf("gst_open", true));
    const names = async () =>
      (await kubectl(["get", "networkpolicies", "-l", `${INSTANCE_LABEL}=${instanceId}`, "-o", "name"]))
        .trim()
        .split("\n");
    expect(await names()).toHaveLength(4);
    const machines = (await names()).find((name) => name.endsWith("-machines")) ?? "";
    const specNow = async () => (JSON.parse(await kubectl(["get", machines, "-o", "json"])) as { spec: object }).spec;
    const written = await specNow();
    expect(written).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
    expect(JSON.stringify(written)).toMatch(/10\.8\.0\.0\/16.*fd00::\/8/);
    expect(await kubectl(["get", "pods", "-l", `${NETWORK_LABEL}=internet`, "-o", "name"])).toBe(
      `pod/${podName("gst_open")}\n`,
    );
    await kubectl(["patch", machines, "--type=merge", "-p", '{"spec":{"egress":[{}],"ingress":[{}]}}']);
    expect(await specNow()).not.toEqual(written);
    await isolation.probe(signal());
    expect(await specNow()).toEqual(written);
  });

  it("prove nothing where no pod does anything, and no probe is left behind", async () => {
    const { driver, isolation } = await open();
    expect(isolation.outcome).toMatchObject({ state: "unproven" });
    expect(await isolation.probe(signal())).toMatchObject({
      state: "unproven",
      reason: expect.stringContaining("after 1 s"),
    });
    await expect(driver.start(specOf("gst_closed", false))).rejects.toThrow(/known to enforce policies.*after 1 s/);
    expect(await kubectl(["get", "pods", "-l", PROBE_LABEL, "-o", "name"])).toBe("");
  });

  it("are written and proved with the permissions that the docs list; without them machines start all the same, and none is isolated", async () => {
    const [role = ""] =
      /(?<=```yaml\n)apiVersion: rbac[^]*?(?=```)/.exec(readFileSync("docs/kubernetes.md", "utf8")) ?? [];
    const full = parse(role) as { metadata: { name: string }; rules: { resources: string[] }[] };
    const poor = { ...full, rules: full.rules.filter(({ resources }) => !resources.includes("networkpolicies")) };
    for (const [namespace, rules] of Object.entries({ full, poor })) {
      await kubectl(["create", "namespace", namespace]);
      await kubectl(["apply", "-n", namespace, "-f", "-"], JSON.stringify(rules));
      await kubectl([
        "create",
        "rolebinding",
        "r",
        "-n",
        namespace,
        `--role=${full.metadata.name}`,
        "--user=nullspace",
      ]);
      const { driver, isolation } = await open({ namespace, kubeconfig: cluster.kubeconfigs.unprivileged });
      const { reason } = (await isolation.probe(signal())) as { reason: string };
      expect(reason).toMatch(namespace === "full" ? /after 1 s/ : /docs\/kubernetes.md.*networkpolicies/);
      await driver.start(specOf("gst_any", true));
      await driver.remove("gst_any");
    }
  });
});
