import { formatPropertyPath, type PropertyPath } from "../../core/property-path.ts";
import { UNKNOWN } from "../../core/unknown.ts";
import { valueAt } from "../preview/resource-change.ts";
import type { SettledChange } from "../preview/settle-unknowns.ts";
import type { BuildFact } from "./report.ts";

/** The build that an input names. */
export function buildAt(change: SettledChange, path: PropertyPath): BuildFact {
  const value = valueAt(change.inputs, path);
  if (typeof value === "string") return { kind: "build", id: value };
  if (value !== UNKNOWN) return { kind: "unknown" };
  const resource = change.origins.get(formatPropertyPath(path))?.resource;
  if (resource === undefined) return { kind: "unknown" };
  if (resource.controller.type === "Template") return { kind: "new build", of: resource.name };
  // A tag passes on the build that it points at.
  return buildAt(resource, ["buildId"]);
}

/** A build of the state. */
export function knownBuild(id: unknown): BuildFact {
  return typeof id === "string" ? { kind: "build", id } : { kind: "unknown" };
}
