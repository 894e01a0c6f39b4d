import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** An object as a manifest has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  [field: string]: unknown;
}

/** What is different from one cluster to the next. */
export interface Settings {
  /** Name by which clients outside of the cluster call the service. */
  readonly host: string;
  /** Where artifacts are pushed and pulled from. */
  readonly registry: string;
  /** @default the one in the manifests */
  readonly image: string | undefined;
  /** Size of the volume of the service's data, e.g. `50Gi`. @default the one in the manifests */
  readonly dataSize: string | undefined;
}

const FILES = ["namespaces", "access", "settings", "service", "buildkitd", "network-policies"];

/**
 * The objects of deploy/kubernetes/base with the settings in them, in the order in which they are to be made.
 *
 * @throws Error when the manifests have no place for a setting: they and this program go together
 */
export function readManifests(folder: string, settings: Settings): { namespaces: Manifest[]; rest: Manifest[] } {
  const all = FILES.flatMap((name) =>
    parseAllDocuments(readFileSync(join(folder, `${name}.yaml`), "utf8")).map((each) => each.toJS() as Manifest),
  );
  set(all, "ConfigMap", "nullspace-settings", ["data", "HOST"], settings.host);
  set(all, "ConfigMap", "nullspace-settings", ["data", "REGISTRY"], settings.registry);
  set(all, "Deployment", "nullspace", ["spec", "template", "spec", "containers", "0", "image"], settings.image);
  set(all, "PersistentVolumeClaim", "nullspace-data", ["spec", "resources", "requests", "storage"], settings.dataSize);
  return {
    namespaces: all.filter(({ kind }) => kind === "Namespace"),
    rest: all.filter(({ kind }) => kind !== "Namespace"),
  };
}

function set(all: Manifest[], kind: string, name: string, path: string[], value: string | undefined): void {
  if (value === undefined) return;
  let place: unknown = all.find((each) => each.kind === kind && each.metadata.name === name);
  for (const step of path.slice(0, -1)) place = (place as Record<string, unknown> | undefined)?.[step];
  const last = path.at(-1) as string;
  if (typeof (place as Record<string, unknown> | undefined)?.[last] !== "string") {
    throw new Error(`the manifests have no ${kind} ${name} with ${path.join(".")}`);
  }
  (place as Record<string, unknown>)[last] = value;
}
