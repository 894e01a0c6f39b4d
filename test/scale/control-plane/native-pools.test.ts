import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { inspectCluster } from "../../../service/bin/doctor/cluster-report.ts";
import { clusterBelongings } from "../../../service/bin/reset/cluster-belongings.ts";
import { findCluster } from "../../../service/drivers/kubernetes/client/kubeconfig.ts";
import { KubernetesClient } from "../../../service/drivers/kubernetes/client/kubernetes-client.ts";
import { NATIVE_LABEL } from "../../../service/drivers/kubernetes/native-pools/native-api.ts";
import { REPLICAS_LABEL } from "../../../service/fleet/pools/native/replicas-label.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import { openKubernetesMachines } from "../../../service/parts/kubernetes.ts";
import type { KubernetesOptions } from "../../../service/parts/kubernetes-options.ts";
import { startSandboxStandIn, type SandboxStandIn } from "../agent-sandbox/stand-in.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { until } from "../cluster/until.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { KubernetesFleet } from "../fleet/kubernetes-fleet.ts";
import { claimOf, NativeView } from "../fleet/native-view.ts";

const SIZE = { vcpus: 1, memory_mb: 32 };
const IMAGE = `registry.test/machines@sha256:${"1".repeat(64)}`;
const OTHER = `registry.test/machines@sha256:${"2".repeat(64)}`;
/** One whose pods the cluster refuses. */
const BAD = `registry.test/machines@sha256:${"3".repeat(64)}`;
const OPTIONS = { guest: "pod", nodeSelector: { type: "kwok" }, pullsAhead: false, nativePools: true } as const;
const soon = { timeout: 90_000, interval: 200 };

describe.skipIf(!HAS_CLUSTER)("pools for claims of other programs, of a stand-in for agent-sandbox", () => {
  let cluster: Cluster;
  let standIn: SandboxStandIn;
  let fleet: KubernetesFleet;
  let view: NativeView;

  beforeAll(async () => {
    cluster = await startCluster({ kwokNodes: 2 });
    standIn = await startSandboxStandIn(cluster, { extensions: true });
    await refuseImage(cluster, BAD);
  });
  afterAll(async () => {
    await standIn?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });
  beforeEach(async () => {
    fleet = new KubernetesFleet(cluster, OPTIONS, IMAGE);
    view = new NativeView(cluster, fleet.instanceId);
    await fleet.start();
  });
  afterEach(async () => {
    cluster.kwok?.thaw();
    await fleet[Symbol.asyncDispose]();
    await view.dispose();
  });

  const makePool = async (replicas: number, name = "web") =>
    fleet.client.warmPools.create({
      name,
      template_ref: "web:stable",
      version_policy: "track_tag",
      min_ready: 0,
      max_ready: 1,
      resources: SIZE,
      labels: { [REPLICAS_LABEL]: String(replicas), team: "agents" },
    });
  const setReplicas = (poolId: string, replicas: number) =>
    fleet.client.warmPools.update(poolId, { labels: { [REPLICAS_LABEL]: String(replicas) } });

  it("are a template and a warm pool, which is filled; a claim takes a member that was ready, and another is made", async () => {
    await fleet.seed("stable", { start_cmd: "serve $HOME", runtime_config: { default_envs: { A: "1" } } });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    const [warmPool] = await view.warmPools();
    const [template] = await view.templates();
    expect(warmPool).toMatchObject({
      metadata: {
        name: expect.stringMatching(/^web-[0-9a-f]{8}-g1$/),
        labels: {
          [INSTANCE_LABEL]: fleet.instanceId,
          "dev.nullspace/pool": "web",
          "dev.nullspace/pool-id": pool.id,
          "dev.nullspace/generation": "1",
          "dev.nullspace/current": "true",
        },
        annotations: { "dev.nullspace/build": pool.resolved_template },
      },
      spec: { sandboxTemplateRef: { name: template!.metadata.name }, updateStrategy: { type: "OnReplenish" } },
    });
    expect(template).toMatchObject({
      spec: {
        networkPolicyManagement: "Unmanaged",
        envVarsInjectionPolicy: "Disallowed",
        podTemplate: {
          metadata: { labels: { [INSTANCE_LABEL]: fleet.instanceId, "dev.nullspace.local.network": "internet" } },
          spec: {
            automountServiceAccountToken: false,
            nodeSelector: { type: "kwok" },
            containers: [
              {
                image: IMAGE,
                command: ["sh", "-c", "serve $$HOME"],
                env: [{ name: "A", value: "1" }],
                resources: { limits: { cpu: "1000m", memory: "32Mi" } },
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
              },
            ],
          },
        },
      },
    });
    const before = await view.memberNames();
    const claimed = await view.claim("one", warmPool!.metadata.name);
    expect(before).toContain(claimed.name);
    expect(claimed.launchType).toBe("warm");
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    // The service's own know nothing of them.
    expect((await fleet.client.warmPools.get(pool.id)).status).toMatchObject({ ready: 0, claimed: 0 });
    await setReplicas(pool.id, 3);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 3, 3]]);
    await setReplicas(pool.id, 0);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 0, 0]]);
    expect((await view.claim("cold", warmPool!.metadata.name)).launchType).toBe("cold");
  });

  it("roll to a new build beside the old one, of which what was claimed lives on, and its objects until then", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    await makePool(4);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 4, 4]]);
    const first = await view.currentName();
    const claimed = await view.claim("one", first);
    await expect
      .poll(async () => [(await view.readyNames()).length, await view.counts()], soon)
      .toEqual([4, [[1, 4, 4]]]);
    const most = view.watchMost();
    await fleet.seed("stable", { start_cmd: "serve two" }, OTHER);
    await expect
      .poll(() => view.counts(), soon)
      .toEqual([
        [1, 0, 0],
        [2, 4, 4],
      ]);
    const seen = await most();
    // A quarter more than are wanted, and never fewer ready ones, but for claims.
    expect(seen.replicas).toBeLessThanOrEqual(5);
    expect(seen.leastReady).toBeGreaterThanOrEqual(4);
    expect(await view.currentName()).toMatch(/-g2$/);
    expect(await view.images()).toEqual([OTHER]);
    // Who has it may still ask for it.
    expect(await view.sandboxOf("one")).toEqual(claimed.name);
    expect(await view.podRuns(claimed.name)).toBe(true);
    await view.release("one");
    await expect.poll(() => view.counts(), soon).toEqual([[2, 4, 4]]);
    expect((await view.templates()).map(({ metadata }) => metadata.name)).toEqual([await view.currentName()]);
  });

  it("stay on the old build while the new one does not get ready, say why, and go on with the next", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    await fleet.seed("stable", { start_cmd: "serve two" }, BAD);
    await expect
      .poll(() => view.counts(), soon)
      .toEqual([
        [1, 2, 2],
        [2, 1, 0],
      ]);
    await expect
      .poll(async () => await fleet.client.warmPools.get(pool.id), soon)
      .toMatchObject({
        degraded_reason: "no_eligible_hosts",
        degraded_message: expect.stringContaining("no such image here"),
      });
    expect(await view.currentName()).toMatch(/-g1$/);
    const claimed = await view.claim("while", await view.currentName());
    expect(claimed.launchType).toBe("warm");
    await expect
      .poll(() => view.counts(), soon)
      .toEqual([
        [1, 2, 2],
        [2, 1, 0],
      ]);
    await view.release("while");
    await fleet.seed("stable", { start_cmd: "serve three" }, OTHER);
    await expect.poll(() => view.counts(), soon).toEqual([[3, 2, 2]]);
    expect(await view.images()).toEqual([OTHER]);
    await expect.poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_reason, soon).toBeUndefined();
  });

  it("hold what they have while disabled, empty when drained, fill when enabled, and go with the pool", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    const pool = await makePool(3);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 3, 3]]);
    const name = await view.currentName();
    await fleet.client.warmPools.disable(pool.id);
    await expect.poll(() => view.currentNames(), soon).toEqual([]);
    const held = await view.memberNames();
    const { name: taken } = await view.claim("held", name);
    // Nothing stays that was made in its place.
    const rest = held.filter((each) => each !== taken);
    await expect.poll(async () => [await view.memberNames(), await view.counts()], soon).toEqual([rest, [[1, 2, 2]]]);
    await fleet.client.warmPools.drain(pool.id);
    await expect.poll(async () => (await fleet.client.warmPools.get(pool.id)).state, soon).toBe("disabled");
    expect(await view.counts()).toEqual([[1, 0, 0]]);
    expect(await view.podRuns(taken)).toBe(true);
    await fleet.client.warmPools.enable(pool.id);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 3, 3]]);
    expect(await view.currentName()).toBe(name);
    await fleet.client.warmPools.delete(pool.id);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 0, 0]]);
    expect(await view.podRuns(taken)).toBe(true);
    await view.release("held");
    await expect.poll(async () => [await view.counts(), await view.templates()], soon).toEqual([[], []]);
    await expect.poll(() => view.podNames(), soon).toEqual([]);
  });

  it("end up whole and doubled by nothing when the service is killed in a roll-out", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    await makePool(3);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 3, 3]]);
    for (const [at, image] of [OTHER, IMAGE].entries()) {
      // Nothing new gets ready until the service is back.
      cluster.kwok?.freeze();
      await fleet.seed("stable", { start_cmd: `serve again ${at}` }, image);
      await expect.poll(async () => (await view.counts()).at(-1), soon).toEqual([at + 2, 1, 0]);
      await fleet.end("SIGKILL");
      cluster.kwok?.thaw();
      await fleet.start();
      await expect.poll(() => view.counts(), soon).toEqual([[at + 2, 3, 3]]);
      expect(await view.images()).toEqual([image]);
    }
    await expect.poll(async () => (await view.memberNames()).length, soon).toBe(3);
  });

  it("are put right when somebody changes or deletes them; what others have made is left alone", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    const name = await view.currentName();
    await view.kubectl(["scale", "sandboxwarmpool", name, "--replicas=7"]);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    await view.kubectl(["label", "sandboxwarmpool", name, "dev.nullspace/current-"]);
    await expect.poll(() => view.currentNames(), soon).toEqual([name]);
    const edit = { spec: { networkPolicyManagement: "Managed", envVarsInjectionPolicy: "Overrides" } };
    await view.kubectl(["patch", "sandboxtemplate", name, "--type=merge", `--patch=${JSON.stringify(edit)}`]);
    await expect
      .poll(async () => (await view.templates())[0]?.spec, soon)
      .toMatchObject({ networkPolicyManagement: "Unmanaged", envVarsInjectionPolicy: "Disallowed" });
    await view.kubectl(["delete", "sandboxwarmpool,sandboxtemplate", name]);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    // What no record knows goes, as of a store that is older than the cluster.
    const [template] = await view.templates();
    const stray = { ...template, metadata: { name: "stray", labels: template!.metadata.labels } };
    await view.kubectl(["create", "--filename=-"], JSON.stringify(stray));
    await expect.poll(async () => (await view.templates()).map(({ metadata }) => metadata.name), soon).toEqual([name]);
    // Without its label it is not the service's any more.
    await view.kubectl(["label", "sandboxwarmpool", name, `${INSTANCE_LABEL}-`]);
    await expect
      .poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_message, soon)
      .toContain("without the label of this service");
    await setReplicas(pool.id, 5);
    await view.kubectl(["label", "sandboxwarmpool", name, `${INSTANCE_LABEL}=${fleet.instanceId}`]);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 5, 5]]);
    await expect.poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_reason, soon).toBeUndefined();
  });

  it("of two services in one namespace are kept apart, under one name, too", async () => {
    await using other = new KubernetesFleet(cluster, OPTIONS, OTHER);
    await other.start();
    const others = new NativeView(cluster, other.instanceId);
    await fleet.seed("stable", { start_cmd: "serve" });
    await other.seed("stable", { start_cmd: "serve" });
    const pool = await makePool(1);
    await other.client.warmPools.create({
      name: "web",
      template_ref: "web:stable",
      min_ready: 0,
      max_ready: 1,
      resources: SIZE,
      labels: { [REPLICAS_LABEL]: "2" },
    });
    await expect.poll(() => view.counts(), soon).toEqual([[1, 1, 1]]);
    await expect.poll(() => others.counts(), soon).toEqual([[1, 2, 2]]);
    await fleet.client.warmPools.delete(pool.id);
    await expect.poll(() => view.counts(), soon).toEqual([]);
    expect(await others.counts()).toEqual([[1, 2, 2]]);
    expect(await others.images()).toEqual([OTHER]);
    await others.dispose();
  });

  it("are taken away by a start without the option, whose pools cannot ask for them", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    await view.claim("stays", await view.currentName());
    await fleet.end("SIGTERM");
    await fleet.start({ nativePools: false });
    await expect.poll(() => view.counts(), soon).toEqual([[1, 0, 0]]);
    await view.release("stays");
    await expect.poll(async () => [await view.counts(), await view.templates()], soon).toEqual([[], []]);
    await expect(setReplicas(pool.id, 3)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/--native-pools on/),
    });
    // As it is, it is no reason to refuse another change.
    await setReplicas(pool.id, 2);
    await fleet.client.warmPools.update(pool.id, { labels: { team: "others" } });
  });

  it("are made again where another start has its machines, and what is elsewhere stays until one is there again", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    await makePool(1);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 1, 1]]);
    await fleet.end("SIGTERM");
    await view.kubectl(["create", "namespace", "elsewhere"]);
    await fleet.start({ namespace: "elsewhere" });
    const there = [
      "get",
      "sandboxwarmpools",
      "--namespace=elsewhere",
      "--output=jsonpath={.items[*].status.readyReplicas}",
    ];
    await expect.poll(() => view.kubectl(there), soon).toBe("1");
    expect(await view.counts()).toEqual([[1, 1, 1]]);
    await fleet.end("SIGTERM");
    await fleet.start({ nativePools: false });
    await expect.poll(() => view.counts(), soon).toEqual([]);
    expect(await view.kubectl(there)).toBe("1");
    await view.kubectl(["delete", "namespace", "elsewhere", "--wait=false"]);
  });

  it("ask for a number of machines", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    for (const text of ["", "many", "-1", "1.5", "501", "05"]) {
      const asked = fleet.client.warmPools.create({
        name: "odd",
        template_ref: "web:stable",
        min_ready: 0,
        max_ready: 1,
        resources: SIZE,
        labels: { [REPLICAS_LABEL]: text },
      });
      await expect(asked, text).rejects.toMatchObject({ status: 400, message: expect.stringContaining("0 to 500") });
    }
  });

  it("say so while agent-sandbox does not run, or is gone, and are whole again when it is back", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    await standIn.extensions.kill();
    await standIn.uninstallExtensions();
    try {
      await expect
        .poll(async () => await fleet.client.warmPools.get(pool.id), soon)
        .toMatchObject({
          degraded_reason: "controller_disabled",
          degraded_message: expect.stringContaining("Install agent-sandbox"),
        });
    } finally {
      await standIn.installExtensions();
      await standIn.extensions.start();
    }
    await expect.poll(() => view.counts(), { ...soon, timeout: 120_000 }).toEqual([[1, 2, 2]]);
    await expect.poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_reason, soon).toBeUndefined();
  });

  it("of a template without internet access are not made where nothing is known to enforce policies", async () => {
    await fleet.seed("stable", { build_config: { internet_access: false }, start_cmd: "serve" });
    for (const replicas of [2, 0]) {
      const pool = await makePool(replicas);
      await expect
        .poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_message, soon)
        .toContain("a network that is known to enforce policies");
      expect([await view.warmPools(), await view.templates()]).toEqual([[], []]);
      await fleet.client.warmPools.delete(pool.id);
    }
  });

  it("live through an API server that is away", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    const { apiserver } = cluster.controlPlane;
    await apiserver.kill();
    await fleet.seed("stable", { start_cmd: "serve two" }, OTHER);
    await setReplicas(pool.id, 3);
    await apiserver.start();
    await cluster.untilReady();
    await expect.poll(() => view.counts(), soon).toEqual([[2, 3, 3]]);
    expect(await view.images()).toEqual([OTHER]);
  });

  it("live through an API server that is frozen for longer than a call may take, and say so", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    const { apiserver } = cluster.controlPlane;
    apiserver.freeze();
    try {
      await setReplicas(pool.id, 3);
      await expect
        .poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_message, soon)
        .toMatch(/did not answer PATCH .*sandboxwarmpools/);
    } finally {
      apiserver.thaw();
    }
    await cluster.untilReady();
    await expect.poll(() => view.counts(), soon).toEqual([[1, 3, 3]]);
    await expect.poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_reason, soon).toBeUndefined();
  });

  it("hold up no stop of the service while the API server is frozen", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    const pool = await makePool(2);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    const { apiserver } = cluster.controlPlane;
    apiserver.freeze();
    try {
      await setReplicas(pool.id, 3);
      await fleet.end("SIGTERM");
    } finally {
      apiserver.thaw();
    }
    await cluster.untilReady();
    await fleet.start();
    await expect.poll(() => view.counts(), soon).toEqual([[1, 3, 3]]);
  });

  it("go back to the generation that they left, with its members, when the pool is changed back in a roll-out", async () => {
    await fleet.seed("stable", { start_cmd: "serve one" });
    const pool = await makePool(3);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 3, 3]]);
    const [name, members] = [await view.currentName(), await view.memberNames()];
    // Nothing new gets ready.
    cluster.kwok?.freeze();
    await fleet.client.warmPools.update(pool.id, { resources: { ...SIZE, memory_mb: 48 } });
    await expect
      .poll(() => view.counts(), soon)
      .toEqual([
        [1, 3, 3],
        [2, 1, 0],
      ]);
    await fleet.client.warmPools.update(pool.id, { resources: SIZE });
    cluster.kwok?.thaw();
    await expect.poll(() => view.counts(), soon).toEqual([[3, 3, 3]]);
    expect(await view.currentName()).toBe(name);
    expect(await view.memberNames()).toEqual(members);
    await expect.poll(async () => (await view.templates()).map(({ metadata }) => metadata.name), soon).toEqual([name]);
  });

  it("claim a name by a manifest that finds the current one by its labels", async () => {
    await fleet.seed("stable", { start_cmd: "serve" });
    await makePool(1);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 1, 1]]);
    const selector = "dev.nullspace/pool=web,dev.nullspace/current=true";
    const found = await view.kubectl([
      "get",
      "sandboxwarmpools",
      "--selector",
      selector,
      "--output=jsonpath={.items[*].metadata.name}",
    ]);
    await view.kubectl(["apply", "--filename=-"], JSON.stringify(claimOf("mine", found)));
    await view.kubectl(["wait", "--for=condition=Ready", "sandboxclaim/mine", "--timeout=60s"]);
    const pods = await view.kubectl(["get", "pods", "--selector", `${NATIVE_LABEL}=${found}`, "--output=name"]);
    expect(pods).toContain(await view.sandboxOf("mine"));
    await view.release("mine");
  });

  it("are refused at the start where the cluster has none, or the account may not keep them, by name", async () => {
    const open = (options: KubernetesOptions) =>
      openKubernetesMachines(
        { kubeconfig: cluster.kubeconfig, networkPolicy: "none", nativePools: true, ...options },
        "i",
        "none",
      );
    const { unprivileged } = cluster.kubeconfigs;
    await expect(open({ kubeconfig: unprivileged, guest: "pod" })).rejects.toMatchObject({
      code: "native_pools_missing",
      message: expect.stringMatching(
        /may not create, delete, .* sandboxtemplates\.extensions\.agents\.x-k8s\.io nor .*list sandboxclaims/,
      ),
    });
    await standIn.extensions.kill();
    await standIn.uninstallExtensions();
    try {
      await expect(open({})).rejects.toMatchObject({
        code: "native_pools_missing",
        message: expect.stringMatching(/has no SandboxTemplate, SandboxWarmPool, SandboxClaim\. Install agent-sandbox/),
      });
      await (await open({ nativePools: false })).close();
    } finally {
      await standIn.installExtensions();
      await standIn.extensions.start();
    }
  });

  it("need what docs/kubernetes.md lists, and say so when it is taken away; doctor and reset know of them", async () => {
    const roles = /```yaml\n([^`]*name: nullspace-(?:machines|sandboxes|native-pools)\n[^`]*)```/g;
    const docs = readFileSync(new URL("../../../docs/kubernetes.md", import.meta.url), "utf8");
    const manifests = [...docs.matchAll(roles)].map(([, text]) => text);
    expect(manifests).toHaveLength(3);
    await view.kubectl(["apply", "--filename=-"], manifests.join("---\n"));
    const names = ["machines", "sandboxes", "native-pools"].map((name) => `nullspace-${name}`);
    for (const name of names) await view.kubectl(["create", "rolebinding", name, `--role=${name}`, "--user=nullspace"]);
    const { unprivileged: kubeconfig } = cluster.kubeconfigs;
    const doctor = () => inspectCluster({ kubeconfig, nativePools: true, guest: "pod" }, fleet.instanceId);
    await fleet.end("SIGTERM");
    await fleet.start({ kubeconfig });
    await fleet.seed("stable", { start_cmd: "serve" });
    const pool = await makePool(1);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 1, 1]]);
    expect((await doctor()).forbidden).toEqual([]);
    await view.kubectl(["delete", "rolebinding", "nullspace-native-pools"]);
    await expect
      .poll(async () => (await doctor()).forbidden, soon)
      .toContain("patch sandboxwarmpools.extensions.agents.x-k8s.io");
    await setReplicas(pool.id, 2);
    await expect
      .poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_message, soon)
      .toMatch(/may not create, .*patch, .* sandboxwarmpools\.extensions\.agents\.x-k8s\.io nor list sandboxclaims/);
    await view.kubectl([
      "create",
      "rolebinding",
      "nullspace-native-pools",
      "--role=nullspace-native-pools",
      "--user=nullspace",
    ]);
    await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
    const { name: claimed } = await view.claim("kept", await view.currentName());
    await fleet.end("SIGTERM");
    const options = { kubeconfig: cluster.kubeconfig, networkPolicy: "none" as const };
    const client = new KubernetesClient(await findCluster(options));
    const machines = await openKubernetesMachines(options, fleet.instanceId);
    try {
      const belongings = await clusterBelongings(
        { client, machines, instanceId: fleet.instanceId },
        AbortSignal.timeout(60_000),
      );
      expect(belongings.lines).toEqual(["1 SandboxWarmPool in default"]);
      await belongings.remove(AbortSignal.timeout(60_000));
      expect([await view.counts(), await view.templates()]).toEqual([[], []]);
      await expect.poll(() => view.podNames(), soon).toEqual([claimed]);
    } finally {
      await client.close();
      await machines.close();
      await view.kubectl(["delete", "rolebinding,role", ...names]);
    }
  });
});

/** Has the cluster refuse pods of an image, whoever makes them. */
async function refuseImage(cluster: Cluster, image: string): Promise<void> {
  const path = "/apis/admissionregistration.k8s.io/v1";
  await cluster.api.create(`${path}/validatingadmissionpolicies`, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "no-bad-image" },
    spec: {
      matchConstraints: {
        resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
      },
      validations: [
        { expression: `object.spec.containers.all(each, each.image != '${image}')`, message: "no such image here" },
      ],
    },
  });
  await cluster.api.create(`${path}/validatingadmissionpolicybindings`, {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicyBinding",
    metadata: { name: "no-bad-image" },
    spec: { policyName: "no-bad-image", validationActions: ["Deny"] },
  });
  const tried = async () => (await cluster.kubectl(["run", "bad", `--image=${image}`, "--dry-run=server"])).stderr;
  await until("the policy to hold", 60_000, async () => (await tried()).includes("no such image here"));
}
