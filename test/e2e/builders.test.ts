import { afterAll, beforeAll } from "vitest";
import { type BuildKitDaemonProcess, startBuildKitDaemon } from "../engine/docker/buildkit-daemon.ts";
import { LOGIN, type PrivateRegistry, startPrivateRegistry } from "../engine/docker/private-registry.ts";
import { isWhole } from "./sequences/support/extent.ts";
import { describeLifecycle } from "./support/lifecycle.ts";
import { startTestService, type TestService } from "./support/service.ts";

let builders: BuildKitDaemonProcess[] = [];
let registry: PrivateRegistry;
/** Each has a repository of its own. */
let services = 0;

beforeAll(async () => {
  registry = await startPrivateRegistry({ tls: false, deletes: true });
  builders = [await startBuildKitDaemon(), await startBuildKitDaemon()];
});

afterAll(async () => {
  for (const builder of builders) await builder[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

/** As an operator does who builds elsewhere: no image is made on Docker Engine, which runs the machines. */
function startService(): Promise<TestService> {
  return startTestService({
    env: { NULLSPACE_REGISTRY_PASSWORD: LOGIN.password },
    serve: [
      "--builder=buildkit",
      ...builders.map(({ address }) => `--builder-address=${address}`),
      `--registry=${registry.host}/lifecycle/${++services}`,
      `--registry-user=${LOGIN.username}`,
    ],
  });
}

describeLifecycle({ name: "dynamic shell on builders", module: "pulumi-nullspace", startService });
if (isWhole) {
  describeLifecycle({ name: "plugin shell on builders", module: "pulumi-nullspace/native", startService });
}
