import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import type { DiffResult } from "../core/controller.ts";
import type { PropertyChange } from "../core/property-diff.ts";
import { formatPropertyPath } from "../core/property-path.ts";
import { ignores } from "./ignore-changes.ts";

const { PropertyDiff, DiffResponse } = providerProto;

/** A diff as the engine takes it: each changed input by its path, and what that leads to. */
export function toDiffResponse(result: DiffResult, ignoreChanges: readonly string[]) {
  const changes = result.changes.filter(({ path }) => !ignores(ignoreChanges, path));
  const response = new DiffResponse();
  response.setHasdetaileddiff(true);
  response.setStablesList([...result.stables]);
  if (changes.length === 0) {
    response.setChanges(DiffResponse.DiffChanges.DIFF_NONE);
    return response;
  }
  const replaces = topLevel(changes.filter(({ effect }) => effect === "replace"));
  response.setChanges(DiffResponse.DiffChanges.DIFF_SOME);
  response.setDiffsList(topLevel(changes));
  response.setReplacesList(replaces);
  response.setDeletebeforereplace(replaces.length > 0 && result.deleteBeforeReplace);
  for (const change of changes) {
    const property = new PropertyDiff();
    property.setKind(kindOf(change));
    // The old value is to be looked up in the old inputs, which is where we compared.
    property.setInputdiff(change.isOutput !== true);
    response.getDetaileddiffMap().set(formatPropertyPath(change.path), property);
  }
  return response;
}

function topLevel(changes: readonly PropertyChange[]): string[] {
  return [...new Set(changes.map(({ path: [key] }) => String(key)))];
}

function kindOf({ kind, effect }: PropertyChange) {
  const { Kind } = PropertyDiff;
  const replace = effect === "replace";
  if (kind === "add") return replace ? Kind.ADD_REPLACE : Kind.ADD;
  if (kind === "delete") return replace ? Kind.DELETE_REPLACE : Kind.DELETE;
  return replace ? Kind.UPDATE_REPLACE : Kind.UPDATE;
}
