import { afterAll, beforeAll } from "vitest";
import { describeLifecycle } from "../../e2e/support/lifecycle.ts";
import { startTestService, type TestService } from "../../e2e/support/service.ts";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "../../engine/docker/buildkit-daemon.ts";
import { type Cluster, startCluster } from "../cluster/cluster.ts";

let cluster: Cluster;
let builder: BuildKitDaemonProcess;
/** Each has a repository of its own. */
let services = 0;

beforeAll(async () => {
  [cluster, builder] = await Promise.all([startCluster({ node: true }), startBuildKitDaemon()]);
});

afterAll(async () => {
  await builder?.[Symbol.asyncDispose]();
  await cluster?.stop();
});

/** As an operator does who has a cluster: images are made by a builder, kept in a registry and run by a node; there is no engine. */
function startService(): Promise<TestService> {
  return startTestService({
    env: { DOCKER_HOST: "unix:///nowhere.sock" },
    serve: [
      "--builder=buildkit",
      `--builder-address=${builder.address}`,
      `--registry=${cluster.registry?.host}/lifecycle/${++services}`,
      "--machines=kubernetes",
      `--kubeconfig=${cluster.kubeconfig}`,
      // The stack asks for more processors than this machine may have.
      "--cpu-overcommit=20",
    ],
  });
}

describeLifecycle({ name: "dynamic shell on Kubernetes", module: "pulumi-nullspace", startService });
describeLifecycle({ name: "plugin shell on Kubernetes", module: "pulumi-nullspace/native", startService });
