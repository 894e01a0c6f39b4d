import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { pauseUnless } from "../../../sdk/concurrency/pause.ts";
import { inspectCluster } from "../../../service/bin/doctor/cluster-report.ts";
import { clusterBelongings } from "../../../service/bin/reset/cluster-belongings.ts";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import type { GuestPreference } from "../../../service/drivers/kubernetes/guest-choice.ts";
import { podName } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import type { StartPatience } from "../../../service/drivers/kubernetes/start-verdict.ts";
import type { GuestEvent } from "../../../service/fleet/guests/machine-driver.ts";
import { classifyFailure } from "../../../service/fleet/guests/start-failure.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { openKubernetesMachines } from "../../../service/parts/kubernetes.ts";
import { startSandboxStandIn, type SandboxStandIn } from "../agent-sandbox/stand-in.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { succeedingKubectl } from "../cluster/succeeding-kubectl.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { specOf } from "../fleet/small-guest.ts";

/** An object as kubectl shows it. */
interface Seen {
  metadata: { name: string; uid: string; labels: Record<string, string>; annotations?: Record<string, string> };
}

describe.skipIf(!HAS_CLUSTER)("machines as Sandboxes, of a stand-in for agent-sandbox", () => {
  let cluster: Cluster;
  let standIn: SandboxStandIn;
  let instanceId: string;
  let drivers: KubernetesMachineDriver[] = [];
  const followers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
    standIn = await startSandboxStandIn(cluster);
  });

  afterAll(async () => {
    await standIn?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  beforeEach(() => {
    instanceId = `test-${randomBytes(6).toString("hex")}`;
  });

  afterEach(async () => {
    for (const end of followers.splice(0)) await end();
    for (const driver of drivers) await driver.close();
    drivers = [];
  });

  interface OpenOptions {
    preference?: GuestPreference;
    namespace?: string;
    kubeconfig?: string;
    node?: string;
    patience?: Partial<StartPatience>;
  }

  async function open(options: OpenOptions = {}): Promise<KubernetesMachineDriver> {
    const { preference = "sandbox", namespace = "default", kubeconfig = cluster.kubeconfig } = options;
    const client = new KubernetesClient(await findCluster({ kubeconfig }));
    const settings = { namespace, instanceId, guest: preference, nodeSelector: { type: options.node ?? "kwok" } };
    const driver = new KubernetesMachineDriver(client, settings, options.patience ?? {});
    drivers.push(driver);
    return driver;
  }

  const kubectl = (args: readonly string[], input?: string) => succeedingKubectl(cluster, args, input);
  const seen = async (kind: "pods" | "sandboxes"): Promise<Seen[]> => {
    const list = kind === "pods" ? "/api/v1/pods" : "/apis/agents.x-k8s.io/v1beta1/sandboxes";
    const selector = encodeURIComponent(`${INSTANCE_LABEL}=${instanceId}`);
    return ((await cluster.api.get(`${list}?labelSelector=${selector}`)) as { items: Seen[] }).items;
  };
  const counts = async () => [(await seen("sandboxes")).length, (await seen("pods")).length];
  const failureOf = (driver: KubernetesMachineDriver, spec = specOf()): Promise<Error> =>
    driver.start(spec).then(
      () => expect.fail("it started"),
      (thrown: unknown) => thrown as Error,
    );

  /** Follows a driver through whatever ends its watch; `told` grows. */
  const follow = async (driver: KubernetesMachineDriver) => {
    const stop = new AbortController();
    const told: GuestEvent[] = [];
    let opens = 0;
    const watching = (async () => {
      while (!stop.signal.aborted) {
        try {
          for await (const event of driver.watch({ signal: stop.signal, onOpen: () => (opens += 1) })) told.push(event);
        } catch {
          // It is followed again.
          await pauseUnless(200, stop.signal);
        }
      }
    })();
    followers.push(() => (stop.abort(), watching));
    await expect.poll(() => opens, { timeout: 20_000 }).toBe(1);
    return { told, opens: () => opens };
  };

  it("are one Sandbox and one pod each, and go with both", async () => {
    const driver = await open();
    const spec = specOf({ poolId: "wp_one" });
    await driver.start(spec);
    await driver.start(spec);
    expect(await driver.list()).toEqual([{ guestId: spec.guestId, alive: true, paused: false }]);
    const [[sandbox], [pod]] = [await seen("sandboxes"), await seen("pods")];
    expect(sandbox?.metadata).toMatchObject({ name: podName(spec.guestId), labels: pod?.metadata.labels && {} });
    expect(sandbox?.metadata.annotations).toMatchObject({ "dev.nullspace.local/pod": pod?.metadata.uid });
    await driver.remove(spec.guestId);
    expect(await counts()).toEqual([0, 0]);
    expect(await driver.list()).toEqual([]);
  });

  it("are dead when their pod was deleted, whatever is made in its place, also to a service that starts later", async () => {
    const driver = await open();
    const { told } = await follow(driver);
    const spec = specOf();
    await driver.start(spec);
    const name = podName(spec.guestId);
    const [first] = await seen("pods");
    await kubectl(["delete", "pod", name, "--wait=false"]);
    await expect.poll(() => told, { timeout: 20_000 }).toEqual([{ guestId: spec.guestId, kind: "died" }]);
    await expect
      .poll(async () => (await seen("pods")).map(({ metadata }) => metadata.uid !== first?.metadata.uid), {
        timeout: 20_000,
      })
      .toEqual([true]);
    for (const each of [driver, await open()]) {
      const signal = AbortSignal.timeout(20_000);
      expect(await each.list()).toEqual([{ guestId: spec.guestId, alive: false, paused: false }]);
      expect(await each.look(spec.guestId, undefined, { signal })).toMatchObject({ ok: false });
      const exit = await each.waitExit(spec.guestId, signal);
      expect(exit).toMatchObject({ exitCode: 137, endedByHost: expect.stringContaining("its pod was deleted") });
      expect(await each.logs(spec.guestId)).toEqual([]);
      const command = { argv: ["true"], timeoutMs: 20_000 };
      await expect(each.exec(spec.guestId, command)).rejects.toMatchObject({ code: "guest_not_running" });
      await expect(each.start(spec)).rejects.toMatchObject({ code: "machine_exited" });
    }
    expect(told).toHaveLength(1);
    await driver.remove(spec.guestId);
    expect(await counts()).toEqual([0, 0]);
  });

  it("are told of in whatever order the server tells of a Sandbox and of its pod", async () => {
    const driver = await open();
    const { told } = await follow(driver);
    const specs = Array.from({ length: 30 }, () => specOf());
    await Promise.all(specs.map((spec) => driver.start(spec)));
    expect(told).toEqual([]);
    expect(await counts()).toEqual([30, 30]);
    await Promise.all(specs.map(({ guestId }) => driver.remove(guestId)));
    await expect
      .poll(() => told.map(({ guestId }) => guestId).toSorted(), { timeout: 20_000 })
      .toEqual(specs.map(({ guestId }) => guestId).toSorted());
    expect(await counts()).toEqual([0, 0]);
  });

  it("have no controller while it does not run, which is said after its time, and nothing is left", async () => {
    const driver = await open({ patience: { podMs: 500 } });
    await standIn.controller.kill();
    try {
      const error = await failureOf(driver);
      expect(classifyFailure(error)).toMatchObject({ engineAway: false, reason: "controller_disabled" });
      expect(error.message).toContain("its controller runs");
      expect(await counts()).toEqual([0, 0]);
    } finally {
      await standIn.controller.start();
    }
    await (await open()).start(specOf());
  });

  it("have no host when no node has room for them, as pods have not", async () => {
    const driver = await open({ node: "none-such", patience: { unschedulableMs: 100 } });
    const error = await failureOf(driver);
    expect(classifyFailure(error).reason).toBe("no_eligible_hosts");
    expect(error.message).toContain("Unschedulable");
    expect(await counts()).toEqual([0, 0]);
  });

  it("are over the quota when their pod is, and when they are themselves", async () => {
    await kubectl(["create", "namespace", "tight"]);
    await kubectl(["create", "quota", "few", "--hard=pods=0", "--namespace=tight"]);
    const driver = await open({ namespace: "tight" });
    const hard = (name: string) =>
      expect.poll(() => kubectl(["get", "quota", name, "-n", "tight", "-o", "jsonpath={.status.hard}"]));
    await hard("few").toContain("0");
    const error = await failureOf(driver);
    expect(classifyFailure(error).reason).toBe("quota_exceeded");
    expect(error.message).toContain("exceeded quota: few");
    await kubectl(["create", "quota", "none", "--hard=count/sandboxes.agents.x-k8s.io=0", "--namespace=tight"]);
    await hard("none").toContain("0");
    await kubectl(["delete", "quota", "few", "--namespace=tight"]);
    expect(classifyFailure(await failureOf(driver)).reason).toBe("quota_exceeded");
    expect(await counts()).toEqual([0, 0]);
  });

  it("are dead when they are suspended, as nothing is left of them then", async () => {
    const driver = await open();
    expect(driver.capabilities.pauses).toBe(false);
    const spec = specOf();
    await driver.start(spec);
    const suspend = JSON.stringify({ spec: { operatingMode: "Suspended" } });
    await kubectl(["patch", "sandbox", podName(spec.guestId), "--type=merge", "--patch", suspend]);
    await expect.poll(() => counts(), { timeout: 20_000 }).toEqual([1, 0]);
    expect(await driver.list()).toMatchObject([{ alive: false }]);
    expect((await driver.waitExit(spec.guestId)).endedByHost).toContain("suspended");
    await driver.remove(spec.guestId);
    expect(await counts()).toEqual([0, 0]);
  });

  it("are told of, each once, when somebody deletes a Sandbox, and through a death of the API server", async () => {
    const driver = await open();
    const { told, opens } = await follow(driver);
    const specs = [specOf(), specOf(), specOf()];
    for (const spec of specs) await driver.start(spec);
    const [first, second, third] = specs.map(({ guestId }) => guestId);
    await kubectl(["delete", "sandbox", podName(first!), "--wait=false"]);
    await expect.poll(() => told, { timeout: 20_000 }).toEqual([{ guestId: first, kind: "died" }]);
    await driver.remove(first!);

    await cluster.controlPlane.apiserver.kill();
    await expect(driver.list(AbortSignal.timeout(20_000))).rejects.toMatchObject({ code: "engine_unavailable" });
    await cluster.controlPlane.apiserver.start();
    await cluster.untilReady();
    await kubectl(["delete", "pod", podName(second!), "--wait=false"]);
    const alive = async () => (await driver.list().catch(() => [])).filter((each) => each.alive);
    await expect.poll(async () => (await alive()).map(({ guestId }) => guestId), { timeout: 60_000 }).toEqual([third]);
    // What happened while nothing was heard is seen by looking, which who follows does; what comes then is told.
    await driver.remove(second!);
    await expect.poll(opens, { timeout: 60_000 }).toBeGreaterThan(1);
    await kubectl(["delete", "pod", podName(third!), "--wait=false"]);
    await expect.poll(() => told.map(({ guestId }) => guestId), { timeout: 60_000 }).toContain(third);
    expect(told.filter(({ guestId }) => guestId === first)).toHaveLength(1);
    expect(told.filter(({ guestId }) => guestId === third)).toHaveLength(1);
    await driver.remove(third!);
    // A controller that has not heard yet of a Sandbox's end may make one more pod, which the cluster collects, or a look does.
    await expect
      .poll(
        async () => {
          for (const { guestId } of await driver.list()) await driver.remove(guestId);
          return counts();
        },
        { timeout: 60_000 },
      )
      .toEqual([0, 0]);
  });

  it("go with a reset, whatever kind the service makes by then", async () => {
    const [ofPods, ofSandboxes] = [await open({ preference: "pod" }), await open()];
    await ofPods.start(specOf());
    await ofSandboxes.start(specOf());
    await ofSandboxes.start(specOf({ buildId: "tb_trial" }));
    const { kubeconfig } = cluster;
    const machines = await openKubernetesMachines({ guest: "auto", kubeconfig, namespace: "default" }, instanceId);
    drivers.push(machines.driver as KubernetesMachineDriver);
    const signal = AbortSignal.timeout(60_000);
    const client = new KubernetesClient(await findCluster({ kubeconfig }));
    const belongings = await clusterBelongings({ client, machines, instanceId }, signal);
    expect(belongings.lines).toEqual([expect.stringContaining("3 pods")]);
    await belongings.remove(signal);
    await client.close();
    expect(await counts()).toEqual([0, 0]);
  });

  it("never touch a Sandbox of somebody else, whatever its name is", async () => {
    const driver = await open();
    const spec = specOf();
    const name = podName(spec.guestId);
    const template = { spec: { containers: [{ name: "other", image: "registry.test/other:1" }] } };
    const foreign = { apiVersion: "agents.x-k8s.io/v1beta1", kind: "Sandbox", metadata: { name } };
    await kubectl(["create", "-f", "-"], JSON.stringify({ ...foreign, spec: { podTemplate: template } }));
    const error = await failureOf(driver, spec);
    expect(error.message).toContain("did not make");
    await driver.remove(spec.guestId);
    expect(await driver.list()).toEqual([]);
    expect(await kubectl(["get", "sandbox", name, "-o", "name"])).toContain(name);
    await kubectl(["delete", "sandbox", name]);
  });

  it("are taken up by a service that makes the other kind now, and each goes whole", async () => {
    const [bare, boxed] = [specOf(), specOf()];
    const [ofPods, ofSandboxes] = [await open({ preference: "pod" }), await open()];
    await ofPods.start(bare);
    await ofSandboxes.start(boxed);
    for (const driver of [ofPods, ofSandboxes]) {
      await driver.start(bare);
      await driver.start(boxed);
      expect((await driver.list()).map(({ alive }) => alive)).toEqual([true, true]);
    }
    expect(await counts()).toEqual([1, 2]);
    await ofSandboxes.remove(bare.guestId);
    await ofPods.remove(boxed.guestId);
    expect(await counts()).toEqual([0, 0]);
  });

  describe("and which kind a service makes", () => {
    const openMachines = async (guest: GuestPreference | undefined, kubeconfig: string, namespace: string) => {
      const machines = await openKubernetesMachines({ guest, kubeconfig, namespace }, instanceId);
      drivers.push(machines.driver as KubernetesMachineDriver);
      const { kind } = await (machines.driver as KubernetesMachineDriver).chosen();
      return { kind: kind.name, notices: machines.notices };
    };

    it("is Sandboxes where they are served, unless it is told otherwise", async () => {
      expect(await openMachines(undefined, cluster.kubeconfig, "default")).toEqual({ kind: "sandbox", notices: [] });
      expect(await openMachines("pod", cluster.kubeconfig, "default")).toEqual({ kind: "pod", notices: [] });
    });

    it("is pods without the permissions, each of which is named", async () => {
      await kubectl(["create", "namespace", "least"]);
      const names = ["-n", "least", "--resource=sandboxes.agents.x-k8s.io"];
      await kubectl(["create", "role", "some", "--verb=get,list,watch,delete", ...names]);
      await kubectl(["create", "rolebinding", "some", "-n", "least", "--role=some", "--user=nullspace"]);
      const { unprivileged } = cluster.kubeconfigs;
      const { kind, notices } = await openMachines("auto", unprivileged, "least");
      expect([kind, notices]).toEqual(["pod", [expect.stringContaining("may not create, patch sandboxes")]]);
      const wanted = { guest: "sandbox", kubeconfig: unprivileged, namespace: "least" } as const;
      const { forbidden } = await inspectCluster(wanted, instanceId);
      expect(forbidden?.filter((each) => each.includes("sandboxes"))).toEqual([
        "create sandboxes.agents.x-k8s.io",
        "patch sandboxes.agents.x-k8s.io",
      ]);
      await expect(openMachines("sandbox", unprivileged, "least")).rejects.toMatchObject({
        code: "sandboxes_missing",
        message: expect.stringContaining("may not create, patch sandboxes.agents.x-k8s.io"),
      });
    });

    it("needs the permissions that the docs list for Sandboxes, and no others", async () => {
      const roles = readFileSync("docs/kubernetes.md", "utf8").matchAll(/```yaml\n(apiVersion: rbac[^]*?)```/g);
      await kubectl(["create", "namespace", "enough"]);
      for (const [, role = ""] of roles) {
        await kubectl(["apply", "-n", "enough", "-f", "-"], role);
        const { metadata } = parse(role) as { metadata: { name: string } };
        const binding = ["-n", "enough", `--role=${metadata.name}`, "--user=nullspace"];
        await kubectl(["create", "rolebinding", metadata.name, ...binding]);
      }
      const { unprivileged: kubeconfig } = cluster.kubeconfigs;
      const driver = await open({ kubeconfig, namespace: "enough" });
      const spec = specOf();
      await driver.start(spec);
      expect(await driver.list()).toEqual([{ guestId: spec.guestId, alive: true, paused: false }]);
      await driver.ping();
      await driver.remove(spec.guestId);
      expect(await counts()).toEqual([0, 0]);
      expect((await openMachines("auto", kubeconfig, "enough")).kind).toBe("sandbox");
    });

    it("is said by a service that starts without any, and found out later by one whose cluster is away at its start", async () => {
      const driver = await open({ preference: "auto", patience: { podMs: 500 } });
      const { told } = await follow(driver);
      const [before, after] = [specOf(), specOf()];
      await driver.start(before);
      await standIn.uninstall();
      try {
        // Whoever had Sandboxes has none any more, and its machines go with them.
        await expect.poll(() => told, { timeout: 30_000 }).toEqual([{ guestId: before.guestId, kind: "died" }]);
        expect((await driver.list()).filter(({ alive }) => alive)).toEqual([]);
        const error = await failureOf(driver);
        expect(classifyFailure(error)).toMatchObject({ engineAway: false, reason: "controller_disabled" });
        expect(error.message).toContain("Install agent-sandbox");
        await expect(driver.ping()).rejects.toMatchObject({
          suggestedAction: expect.stringContaining("Install agent-sandbox"),
        });
        await driver.remove(before.guestId);
        expect(await driver.list()).toEqual([]);
        expect((await openMachines("auto", cluster.kubeconfig, "default")).kind).toBe("pod");
        await expect(openMachines("sandbox", cluster.kubeconfig, "default")).rejects.toMatchObject({
          code: "sandboxes_missing",
          message: expect.stringContaining("Install agent-sandbox"),
        });
      } finally {
        await standIn.install();
      }
      await driver.start(after);
      expect(await driver.list()).toMatchObject([{ guestId: after.guestId, alive: true }]);
      await driver.remove(after.guestId);

      await cluster.controlPlane.apiserver.kill();
      const early = await openKubernetesMachines({ kubeconfig: cluster.kubeconfig }, instanceId);
      drivers.push(early.driver as KubernetesMachineDriver);
      await expect(early.driver.list()).rejects.toMatchObject({ code: "engine_unavailable" });
      await cluster.controlPlane.apiserver.start();
      await cluster.untilReady();
      await expect.poll(() => early.driver.list().catch(() => undefined), { timeout: 60_000 }).toEqual([]);
      expect((await (early.driver as KubernetesMachineDriver).chosen()).kind.name).toBe("sandbox");
    });
  });
});
