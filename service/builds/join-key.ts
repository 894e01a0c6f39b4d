import type { BuildRow } from "../store/builds.ts";
import { definitionOf } from "./build-record.ts";
import { canonicalJson, digestOf } from "../canonical-json.ts";

/**
 * Digest of all that a build is made from, whatever its template and its tags are: builds with equal keys that are under
 * way at the same time run as one.
 *
 * @returns `undefined` for a build that runs alone: it needs credentials, whose values are nobody else's, or it was asked
 *   to use nothing that was there before
 */
export function joinKeyOf(record: BuildRow): string | undefined {
  const definition = definitionOf(record);
  if (record.needsCredentials === 1 || definition.skip_cache === true) return undefined;
  if (definition.steps?.some(({ action }) => action === "skip_cache")) return undefined;
  return digestOf(canonicalJson([definition, record.contextKey, record.baseTemplateId]));
}
