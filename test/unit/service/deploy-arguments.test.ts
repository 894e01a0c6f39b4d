import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { readBuilder } from "../../../service/bin/builder-options.ts";
import { readMachines } from "../../../service/bin/machine-options.ts";
import { SERVE_OPTIONS } from "../../../service/bin/serve-options.ts";

const MANIFEST = join(import.meta.dirname, "../../../deploy/kubernetes/base/service.yaml");

interface Deployment {
  kind: string;
  spec: { template: { spec: { containers: { args: string[] }[] } } };
}

it("deploy/kubernetes starts the service with options that it has", () => {
  const manifests = parseAllDocuments(readFileSync(MANIFEST, "utf8")).map((each) => each.toJS() as Deployment);
  const deployment = manifests.find(({ kind }) => kind === "Deployment")!;
  const [command, ...args] = deployment.spec.template.spec.containers[0]!.args;
  expect(command).toBe("serve");
  const filled = args.map((each) => each.replace("$(REGISTRY)", "registry.test/team").replace("$(HOST)", "host.test"));
  const { values } = parseArgs({ args: filled, options: { ...SERVE_OPTIONS, data: { type: "string" } } });
  expect(readMachines(values)).toEqual({
    kubernetes: { namespace: "nullspace-machines", pullSecrets: ["nullspace-registry"] },
  });
  const { buildkit } = readBuilder(values, {});
  expect(buildkit).toMatchObject({
    addresses: ["tcp://buildkitd.nullspace-builders.svc:1234"],
    registry: { repository: "registry.test/team" },
  });
});
