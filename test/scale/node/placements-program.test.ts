import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PulumiProject } from "../../e2e/support/pulumi-project.ts";
import { startTestService, type TestService } from "../../e2e/support/service.ts";
import { startBuildKitDaemon, type BuildKitDaemonProcess } from "../../engine/docker/buildkit-daemon.ts";
import { POOL_LABEL } from "../../../service/drivers/kubernetes/guest-labels.ts";
import { PLACEMENT_LABEL } from "../../../service/labels.ts";
import { startCluster, type Cluster } from "../cluster/cluster.ts";
import { HAS_CLUSTER } from "../cluster/tools.ts";

/** What runs pods on the node by its default, under a name that a RuntimeClass can give. */
const RUNTIME = { apiVersion: "node.k8s.io/v1", kind: "RuntimeClass", metadata: { name: "chosen" }, handler: "runc" };

const PLACEMENTS = {
  chosen: { runtimeClassName: "chosen", nodeSelector: { machines: "here" } },
  other: { nodeSelector: { machines: "here" } },
};

const program = (module: string) => `
"use strict";
const nullspace = require(${JSON.stringify(module)});
const web = new nullspace.Template("web", { name: "placed", context: "./app", startCmd: "sleep 3600", vcpus: 1, memoryMib: 64 });
const pool = new nullspace.WarmPool("pool", {
  name: "placed", template: web.canonicalRef, versionPolicy: "pinned_build", buildId: web.buildId,
  minReady: 1, maxReady: 2, vcpus: 1, memoryMib: 64, labels: { "${PLACEMENT_LABEL}": process.env.PLACEMENT },
});
module.exports = { poolId: pool.poolId };
`;

describe.skipIf(!HAS_CLUSTER)("a program that chooses a placement for its pool", () => {
  let cluster: Cluster;
  let builder: BuildKitDaemonProcess;
  let service: TestService;

  beforeAll(async () => {
    [cluster, builder] = await Promise.all([startCluster({ node: true }), startBuildKitDaemon()]);
    await cluster.api.create("/apis/node.k8s.io/v1/runtimeclasses", RUNTIME);
    await cluster.kubectl(["label", "node", "node1", "machines=here"]);
    const file = join(cluster.folder, "placements.yaml");
    writeFileSync(file, JSON.stringify({ placements: PLACEMENTS }));
    service = await startTestService({
      env: { DOCKER_HOST: "unix:///nowhere.sock" },
      serve: [
        "--builder=buildkit",
        `--builder-address=${builder.address}`,
        `--registry=${cluster.registry?.host}/placed/machines`,
        "--machines=kubernetes",
        `--kubeconfig=${cluster.kubeconfig}`,
        "--cpu-overcommit=20",
        `--placements=${file}`,
      ],
    });
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
    await builder?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  const podsOf = async (poolId: string) => {
    const selector = encodeURIComponent(`${POOL_LABEL}=${poolId}`);
    const { items } = (await cluster.api.get(`/api/v1/pods?labelSelector=${selector}`)) as {
      items: {
        metadata: { labels: Record<string, string>; deletionTimestamp?: string };
        spec: { runtimeClassName?: string };
      }[];
    };
    return items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata, spec }) => [metadata.labels[PLACEMENT_LABEL], spec.runtimeClassName]);
  };

  it.each(["pulumi-nullspace", "pulumi-nullspace/native"])(
    "of %s has its machines there, is told of a name that there is none of, and moves them by an update in place",
    async (module) => {
      const files = { "app/Dockerfile": `FROM ${cluster.registry?.busyboxImage}\nCOPY v /v\n`, "app/v": module };
      const project = new PulumiProject({ program: program(module), files, env: service.env });
      try {
        await project.ok("stack", "init", "dev");
        project.setEnv({ PLACEMENT: "chosen" });
        await project.ok("up", "--yes", "--skip-preview");
        const { poolId } = (await project.outputs()) as { poolId: string };
        expect(await podsOf(poolId)).toEqual([["chosen", "chosen"]]);

        project.setEnv({ PLACEMENT: "chosn" });
        const refused = await project.run("up", "--yes", "--skip-preview");
        expect(refused.exitCode).not.toBe(0);
        expect(refused.text).toMatch(/no placement "chosn".*Choose from chosen, other/s);
        expect(await podsOf(poolId)).toEqual([["chosen", "chosen"]]);

        project.setEnv({ PLACEMENT: "other" });
        const moved = await project.ok("up", "--yes", "--skip-preview");
        expect(moved.text).toMatch(/1 updated/);
        expect(moved.text).not.toMatch(/replaced|created|deleted/);
        expect(await project.outputs()).toEqual({ poolId });
        await expect.poll(() => podsOf(poolId), { timeout: 60_000, interval: 200 }).toEqual([["other", undefined]]);
        expect((await project.ok("up", "--yes", "--skip-preview")).text).not.toMatch(/updated/);
        await project.ok("destroy", "--yes", "--skip-preview");
      } finally {
        project.dispose();
      }
    },
  );
});
