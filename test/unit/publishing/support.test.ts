import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { VERSION as BUILDKIT } from "../../../scripts/setup/buildkit-daemon.mjs";
import { VERSION as KUBERNETES } from "../../../scripts/setup/kubernetes.mjs";
import { VERSION as MODERN_ENGINE } from "../../../scripts/setup/modern-engine.mjs";
import { NODE_RELEASE } from "../../../scripts/setup/node-runtime.mjs";
import { OTHER_NODE_RELEASES } from "../../../scripts/setup/other-nodes.mjs";
import { VERSION as DOWNLOADED_PULUMI } from "../../../scripts/setup/pulumi-download.mjs";
import { VERSION as BUILT_PULUMI } from "../../../scripts/setup/pulumi-from-source.mjs";
import { OLDEST_NODE } from "../../../sdk/node-version.ts";
import { OLDEST_NODE as OLDEST_OF_SERVICE } from "../../../service/oldest-node.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const page = readFileSync(join(root, "docs", "support.md"), "utf8");

it("docs/support.md names the versions that set-up gives to the tests, and no others", () => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { version: string }>;
  };
  const rows = new Map(
    [...page.matchAll(/^\| (.+?) +\| (.+?) +\| .+ \|$/gm)].map(([, part, versions]) => [
      part!.replaceAll("`", ""),
      versions!.match(/\d+\.\d+\.\d+(-[\w.]+)?/g) ?? [],
    ]),
  );
  const nodes = [NODE_RELEASE.version, ...OTHER_NODE_RELEASES.map(({ version }) => version)];
  expect(rows.get("Node, for the provider, the SDK, the command")).toEqual(
    nodes.toSorted((one, other) => one.localeCompare(other, "en", { numeric: true })),
  );
  expect(rows.get("Node, for nullspace-local")).toEqual([NODE_RELEASE.version]);
  expect(rows.get("Node inside the plugin's executable")).toEqual([NODE_RELEASE.version]);
  expect(rows.get("Pulumi CLI")).toEqual([BUILT_PULUMI, DOWNLOADED_PULUMI]);
  expect(rows.get("@pulumi/pulumi")).toEqual([lock.packages["node_modules/@pulumi/pulumi"]!.version]);
  expect(rows.get("Docker Engine of today")).toEqual([MODERN_ENGINE]);
  expect(rows.get("BuildKit")).toEqual([BUILDKIT]);
  expect(rows.get("Kubernetes, for machines of nullspace-local")).toEqual([KUBERNETES]);
  expect(page).toContain(`need Node ${OLDEST_NODE} or newer, \`nullspace-local\` Node ${OLDEST_OF_SERVICE};`);
});
