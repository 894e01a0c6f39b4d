import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REPLICAS_LABEL } from "../../../service/fleet/pools/native/replicas-label.ts";
import { startSandboxStandIn, type SandboxStandIn } from "../agent-sandbox/stand-in.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";
import { KubernetesFleet } from "../fleet/kubernetes-fleet.ts";
import { NativeView } from "../fleet/native-view.ts";

const soon = { timeout: 120_000, interval: 200 };
/** A server that gets ready after a moment, as each kind of check sees it. */
const WEB = (version: string, check: "tcp" | "http" | "command") => ({
  start_cmd: `mkdir -p /www; echo ${version} >/www/v; sleep 1; exec httpd -f -p 8080 -h /www`,
  runtime_config: {
    readiness: {
      tcp: { kind: "tcp" as const, port: 8080 },
      http: { kind: "http" as const, port: 8080, path: "/v" },
      command: { kind: "command" as const, command: `test "$(cat /www/v)" = ${version}` },
    }[check],
  },
});

describe.skipIf(!HAS_CLUSTER)(
  "pools for claims of other programs on a kubelet, of a stand-in for agent-sandbox",
  () => {
    let cluster: Cluster;
    let standIn: SandboxStandIn;

    beforeAll(async () => {
      cluster = await startCluster({ node: true });
      standIn = await startSandboxStandIn(cluster, { extensions: true });
    });
    afterAll(async () => {
      await standIn?.[Symbol.asyncDispose]();
      await cluster?.stop();
    });

    it("are ready when their check says so, roll from check to check, and never to a build that does not start", async () => {
      await using fleet = new KubernetesFleet(cluster, { guest: "pod", nativePools: true });
      const view = new NativeView(cluster, fleet.instanceId);
      await fleet.start();
      await fleet.seed("stable", WEB("one", "tcp"));
      const pool = await fleet.client.warmPools.create({
        name: "p",
        template_ref: "web:stable",
        version_policy: "track_tag",
        min_ready: 0,
        max_ready: 1,
        resources: { vcpus: 1, memory_mb: 32 },
        labels: { [REPLICAS_LABEL]: "2" },
      });
      await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);
      const claimed = await view.claim("one", await view.currentName());
      expect(claimed.launchType).toBe("warm");
      const versionIn = (pod: string) => view.kubectl(["exec", pod, "--", "cat", "/www/v"]);
      expect(await versionIn(claimed.name)).toBe("one\n");
      await expect.poll(() => view.counts(), soon).toEqual([[1, 2, 2]]);

      await fleet.seed("stable", { start_cmd: "echo no; exit 3" });
      await expect
        .poll(async () => (await fleet.client.warmPools.get(pool.id)).degraded_message, soon)
        .toContain("exit code 3");
      expect(await view.counts()).toEqual([
        [1, 2, 2],
        [2, 1, 0],
      ]);

      for (const [check, generation] of [
        ["http", 3],
        ["command", 4],
      ] as const) {
        await fleet.seed("stable", WEB(check, check));
        await expect.poll(async () => (await view.counts()).at(-1), soon).toEqual([generation, 2, 2]);
        // The first one has a claim, and no member any more.
        await expect.poll(async () => (await view.counts()).slice(0, -1), soon).toEqual([[1, 0, 0]]);
        const [member = ""] = await view.memberNames();
        expect(await versionIn(member)).toBe(`${check}\n`);
      }
      expect(await versionIn(claimed.name)).toBe("one\n");
      expect((await fleet.client.warmPools.get(pool.id)).degraded_reason).toBeUndefined();

      // The pod of a member that is deleted comes back, under the same name.
      const [member = ""] = await view.memberNames();
      await view.kubectl(["delete", "pod", member]);
      await expect.poll(() => view.podRuns(member), soon).toBe(true);
      await fleet.client.warmPools.delete(pool.id);
      await expect.poll(() => view.podNames(), soon).toEqual([claimed.name]);
      await view.release("one");
      await expect.poll(async () => [await view.podNames(), await view.templates()], soon).toEqual([[], []]);
    });
  },
);
