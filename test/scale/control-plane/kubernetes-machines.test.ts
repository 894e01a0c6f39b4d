import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { podName } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { KubernetesMachineDriver } from "../../../service/drivers/kubernetes/pod-driver.ts";
import type { StartPatience } from "../../../service/drivers/kubernetes/start-verdict.ts";
import { EngineUnavailableError } from "../../../service/errors.ts";
import type { GuestEvent } from "../../../service/fleet/guests/machine-driver.ts";
import { classifyFailure } from "../../../service/fleet/guests/start-failure.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { succeedingKubectl } from "../cluster/succeeding-kubectl.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { specOf } from "../fleet/small-guest.ts";

describe.skipIf(!HAS_CLUSTER)("machines on a Kubernetes that is in trouble", () => {
  let cluster: Cluster;
  const drivers: KubernetesMachineDriver[] = [];

  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
  });

  afterAll(async () => {
    for (const driver of drivers) await driver.close();
    await cluster?.stop();
  });

  async function open(
    options: { namespace?: string; kubeconfig?: string; node?: string; patience?: Partial<StartPatience> } = {},
  ): Promise<KubernetesMachineDriver> {
    const { namespace = "default", kubeconfig = cluster.kubeconfig, node = "kwok", patience = {} } = options;
    const client = new KubernetesClient(await findCluster({ kubeconfig }));
    const settings = {
      namespace,
      instanceId: `test-${randomBytes(6).toString("hex")}`,
      nodeSelector: { type: node },
    };
    const driver = new KubernetesMachineDriver(client, settings, patience);
    drivers.push(driver);
    return driver;
  }

  const kubectl = (args: readonly string[], input?: string) => succeedingKubectl(cluster, args, input);

  const failureOf = async (driver: KubernetesMachineDriver, spec = specOf()): Promise<Error> => {
    const error = await driver.start(spec).then(
      () => expect.fail("it started"),
      (thrown: unknown) => thrown as Error,
    );
    expect((await cluster.kubectl(["get", "pod", podName(spec.guestId), "-A"])).stdout).toBe("");
    return error;
  };

  it("have no host when no node has room for them, and nothing is left waiting for one", async () => {
    const error = await failureOf(await open({ node: "none-such", patience: { unschedulableMs: 100 } }));
    expect(classifyFailure(error)).toMatchObject({ engineAway: false, reason: "no_eligible_hosts" });
    expect(error).toMatchObject({ code: "machine_refused", mayPass: true });
    expect(error.message).toContain("Unschedulable");
  });

  it("are over the quota when the namespace's is used up, and start when there is room again", async () => {
    await kubectl(["create", "namespace", "tight"]);
    await kubectl(["create", "quota", "few", "--hard=pods=1,requests.memory=1Gi", "--namespace=tight"]);
    const driver = await open({ namespace: "tight" });
    await expect
      .poll(() => kubectl(["get", "quota", "few", "-n", "tight", "-o", "jsonpath={.status.hard.pods}"]))
      .toBe("1");
    const first = specOf();
    await driver.start(first);
    const error = await failureOf(driver);
    expect(classifyFailure(error).reason).toBe("quota_exceeded");
    await driver.remove(first.guestId);
    const large = await failureOf(driver, specOf({ memoryMb: 2048 }));
    expect(classifyFailure(large).reason).toBe("quota_exceeded");
    await expect
      .poll(() => kubectl(["get", "quota", "few", "-n", "tight", "-o", "jsonpath={.status.used.pods}"]))
      .toBe("0");
    await driver.start(specOf());
  });

  it("have no host in a namespace that is not there, or is being deleted, and their members are known to be dead", async () => {
    const absent = await failureOf(await open({ namespace: "absent" }));
    expect(classifyFailure(absent).reason).toBe("no_eligible_hosts");
    expect(absent.message).toContain("--namespace");
    await kubectl(["create", "namespace", "going"]);
    const driver = await open({ namespace: "going" });
    const spec = specOf();
    await driver.start(spec);
    await kubectl(["delete", "namespace", "going"]);
    expect(await driver.list()).toEqual([]);
    await expect(driver.waitExit(spec.guestId)).rejects.toMatchObject({ code: "guest_not_running" });
    expect(classifyFailure(await failureOf(driver)).reason).toBe("no_eligible_hosts");
  });

  it("are out of reach without permissions or with a token that is no longer good, which is said with what to do", async () => {
    const stranger = await open({ kubeconfig: cluster.kubeconfigs.unprivileged });
    const config = parse(readFileSync(cluster.kubeconfigs.token, "utf8")) as { users: { user: { token: string } }[] };
    for (const { user } of config.users) user.token = "expired-secret";
    const file = join(cluster.folder, "expired");
    writeFileSync(file, JSON.stringify(config));
    const expired = await open({ kubeconfig: file });
    for (const [driver, advice] of [
      [stranger, /permissions/],
      [expired, /Renew/],
    ] as const) {
      const calls = [
        () => driver.start(specOf()),
        () => driver.list(),
        () => driver.ping(),
        () => driver.remove("gst_x"),
      ];
      for (const call of calls) {
        const error = await call().then(
          () => expect.fail("it went well"),
          (thrown: unknown) => thrown as Error,
        );
        expect(error).toBeInstanceOf(EngineUnavailableError);
        expect((error as EngineUnavailableError).suggestedAction).toMatch(advice);
        expect(JSON.stringify(error) + String(error)).not.toContain("expired-secret");
        expect(classifyFailure(error)).toMatchObject({ engineAway: true, reason: "no_eligible_hosts" });
      }
    }
  });

  it("need the permissions that the docs list, and no others", async () => {
    const [role = ""] =
      /(?<=```yaml\n)apiVersion: rbac[^]*?(?=```)/.exec(readFileSync("docs/kubernetes.md", "utf8")) ?? [];
    await kubectl(["create", "namespace", "least"]);
    await kubectl(["apply", "-n", "least", "-f", "-"], role);
    const { metadata } = parse(role) as { metadata: { name: string } };
    await kubectl(["create", "rolebinding", "nullspace", "-n", "least", `--role=${metadata.name}`, "--user=nullspace"]);
    const driver = await open({ kubeconfig: cluster.kubeconfigs.unprivileged, namespace: "least" });
    const spec = specOf();
    await driver.start(spec);
    expect(await driver.list()).toEqual([{ guestId: spec.guestId, alive: true, paused: false }]);
    expect(await driver.logs(spec.guestId)).toEqual(expect.any(Array));
    // Nothing runs behind such a node. What the server says then may be cut off, as it does not read the input; that it is no
    // lack of permissions is what counts.
    const refusal = await driver.exec(spec.guestId, { argv: ["true"], timeoutMs: 20_000 }).then(
      () => expect.fail("it ran"),
      (error: unknown) => error as EngineUnavailableError,
    );
    expect(`${String(refusal)} ${refusal.suggestedAction}`).not.toMatch(/forbidden|permission/i);
    expect(await driver.hostSize()).toBeUndefined();
    await kubectl(["create", "quota", "none", "-n", "least", "--hard=pods=1"]);
    await expect
      .poll(() => kubectl(["get", "quota", "none", "-n", "least", "-o", "jsonpath={.status.hard.pods}"]))
      .toBe("1");
    expect(classifyFailure(await failureOf(driver)).reason).toBe("quota_exceeded");
    await driver.remove(spec.guestId);
  });

  it("never touch a pod of somebody else, whatever its name is", async () => {
    const driver = await open();
    const spec = specOf();
    const name = podName(spec.guestId);
    await kubectl(["run", name, "--image=other", "--labels=app=other"]);
    const error = await driver.start(spec).catch((thrown: unknown) => thrown as Error);
    expect(String(error)).toContain("did not make");
    await driver.remove(spec.guestId);
    expect(await driver.list()).toEqual([]);
    expect(await driver.look(spec.guestId, undefined, { signal: AbortSignal.timeout(20_000) })).toMatchObject({
      ok: false,
    });
    expect(await kubectl(["get", "pod", name, "-o", "jsonpath={.metadata.labels.app}"])).toBe("other");
  });

  it("are told of, each once, through a death of the API server and what happened meanwhile", async () => {
    const driver = await open();
    const specs = [specOf(), specOf(), specOf()];
    for (const spec of specs) await driver.start(spec);
    const stop = new AbortController();
    const told: GuestEvent[] = [];
    let opened = 0;
    const watching = (async () => {
      while (!stop.signal.aborted) {
        try {
          for await (const event of driver.watch({ signal: stop.signal, onOpen: () => (opened += 1) }))
            told.push(event);
        } catch (error) {
          if (!stop.signal.aborted) expect(error).toBeInstanceOf(EngineUnavailableError);
        }
      }
    })();
    await expect.poll(() => opened).toBe(1);
    const [first, second, third] = specs.map(({ guestId }) => guestId);
    await kubectl(["delete", "pod", podName(first!)]);
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(1);

    await cluster.controlPlane.apiserver.kill();
    await expect(driver.list(AbortSignal.timeout(20_000))).rejects.toThrow(EngineUnavailableError);
    await cluster.controlPlane.apiserver.start();
    await cluster.untilReady();
    await kubectl(["delete", "pod", podName(second!)]);
    await expect.poll(async () => (await driver.list().catch(() => [])).map(({ guestId }) => guestId)).toEqual([third]);
    await expect.poll(() => opened, { timeout: 60_000 }).toBeGreaterThan(1);
    await kubectl(["delete", "pod", podName(third!)]);
    await expect.poll(() => told.map(({ guestId }) => guestId), { timeout: 20_000 }).toContain(third);
    expect(told.filter(({ guestId }) => guestId === first)).toHaveLength(1);
    expect(new Set(told.map(({ kind }) => kind))).toEqual(new Set(["died"]));
    stop.abort();
    await watching;
  });

  it("die in the words of a node that needs their room", async () => {
    const driver = await open();
    const spec = specOf();
    await driver.start(spec);
    const message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 60Mi.";
    const status = JSON.stringify({ status: { phase: "Failed", reason: "Evicted", message } });
    await kubectl(["patch", "pod", podName(spec.guestId), "--subresource=status", "-p", status]);
    const exit = await driver.waitExit(spec.guestId);
    expect(exit).toMatchObject({ outOfMemory: false, endedByHost: `Evicted: ${message}` });
    expect(await driver.list()).toEqual([{ guestId: spec.guestId, alive: false, paused: false }]);
    // The same while it starts, and a member is replaced for it: nothing is wrong with its template.
    const again = await driver.start(spec).catch((error: unknown) => error as Error);
    expect(classifyFailure(again as Error)).toMatchObject({ reason: "no_eligible_hosts", engineAway: false });
    expect(String(again)).toContain(message);
    await driver.remove(spec.guestId);
  });

  it("die with a node that is not heard of any more, in the cluster's words, and are let go of without it", async () => {
    const driver = await open();
    const spec = specOf();
    await driver.start(spec);
    const name = podName(spec.guestId);
    const node = await kubectl(["get", "pod", name, "-o", "jsonpath={.spec.nodeName}"]);
    const stop = new AbortController();
    const died = Promise.withResolvers<string>();
    const watching = (async () => {
      for await (const { guestId } of driver.watch({ signal: stop.signal, onOpen: () => undefined }))
        died.resolve(guestId);
    })().catch(() => undefined);
    await cluster.kwok?.kill();
    try {
      const unheard = { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "" };
      const status = JSON.stringify({ status: { conditions: [unheard] } });
      await kubectl(["patch", "node", node, "--subresource=status", "-p", status]);
      expect(await died.promise).toBe(spec.guestId);
      expect((await driver.waitExit(spec.guestId)).endedByHost).toMatch(/taint/i);
      // Its pod stays as long as nobody knows what became of it: so does its name, and nothing is started under that.
      expect(await kubectl(["get", "pod", name, "-o", "name"])).toBe(`pod/${name}\n`);
      await expect(driver.start(spec)).rejects.toMatchObject({ code: "machine_exited" });
      await driver.remove(spec.guestId);
      expect((await cluster.kubectl(["get", "pod", name])).stderr).toContain("NotFound");
      const other = specOf();
      await driver.start(other, AbortSignal.timeout(5_000)).catch(() => undefined);
      expect(await kubectl(["get", "pod", podName(other.guestId), "-o", "jsonpath={.spec.nodeName}"])).not.toBe(node);
    } finally {
      stop.abort();
      await watching;
      await cluster.kwok?.start();
    }
  });

  it("are given up when the API server does not answer in time", async () => {
    const driver = await open();
    cluster.controlPlane.apiserver.freeze();
    try {
      const late = AbortSignal.timeout(500);
      await expect(driver.list(late)).rejects.toBeDefined();
      await expect(driver.hostSize()).resolves.toBeUndefined();
    } finally {
      cluster.controlPlane.apiserver.thaw();
    }
    expect(await driver.hostSize()).toMatchObject({ unbounded: [] });
  });
});
