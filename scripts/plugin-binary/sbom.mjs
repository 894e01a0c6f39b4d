import { readFileSync, writeFileSync } from "node:fs";
import { NODE_RELEASE } from "../setup/node-runtime.mjs";

/**
 * Completes the list of what is in the executable, which the bundler's inputs are in already: with the program that runs them.
 *
 * @param {string} from CycloneDX of the bundle
 * @param {string} to
 */
export function writeSbom(from, to) {
  const sbom = JSON.parse(readFileSync(from, "utf8"));
  const { version } = NODE_RELEASE;
  const reference = `pkg:generic/node@${version}`;
  sbom.metadata.component.name = "pulumi-resource-nullspace";
  sbom.components.push({
    type: "platform",
    name: "node",
    version,
    "bom-ref": reference,
    purl: reference,
    cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
    licenses: [{ license: { name: "Node.js, and all that it has inside", url: licenseOf(version) } }],
    externalReferences: [{ type: "website", url: "https://nodejs.org" }],
  });
  const own = sbom.dependencies.find(
    (/** @type {{ ref: string }} */ { ref }) => ref === sbom.metadata.component["bom-ref"],
  );
  own.dependsOn = [...(own.dependsOn ?? []), reference];
  sbom.dependencies.push({ ref: reference });
  writeFileSync(to, `${JSON.stringify(sbom, undefined, 2)}\n`);
}

/** @param {string} version of Node */
function licenseOf(version) {
  return `https://github.com/nodejs/node/blob/v${version}/LICENSE`;
}
