import { parseTemplateRef, TemplateRefError, type NameClaim } from "pulumi-nullspace/wire";
import { later, now } from "../clock.ts";
import { ConflictError, InvalidRequestError, ResourceNotFoundError } from "../errors.ts";
import { newId } from "../ids.ts";
import { LOCAL_USER } from "../store/audit.ts";
import { deleteClaim, deleteClaimOf, deleteExpiredClaims, findClaim, putClaim } from "../store/claims.ts";
import type { Database } from "../store/database.ts";
import { DEFAULT_NAMESPACE } from "./logical-template.ts";
import { nameHolder, requireOwnNamespace } from "./names.ts";

/** How long a claim holds a name. */
export const CLAIM_LIFETIME_MS = 15 * 60_000;

/**
 * Reserves a name of the default namespace for a short while. Claiming a name again that one holds already prolongs the
 * claim, with the same token, so that a client that lost the answer may simply ask again.
 *
 * @throws ConflictError when the name is a template's or an alias
 */
export function reserveName(db: Database, ref: string): NameClaim {
  const parsed = parseTemplateRef(ref);
  if (parsed.kind !== "name" || parsed.tag !== undefined || parsed.buildId !== undefined) {
    throw new TemplateRefError(ref, "a claim takes name or namespace/name, without a tag or build");
  }
  const namespace = requireOwnNamespace(parsed.namespace ?? DEFAULT_NAMESPACE, ref);
  return db.grow(() => {
    deleteExpiredClaims(db, now());
    const holder = nameHolder(db, namespace, parsed.name);
    if (holder !== undefined)
      throw new ConflictError(`The name ${namespace}/${parsed.name} is taken: it is ${holder.label}.`);
    const createdAt = now();
    const expiresAt = later(createdAt, CLAIM_LIFETIME_MS);
    const claim_token = putClaim(db, {
      claimToken: newId("claim_"),
      namespace,
      name: parsed.name,
      owner: LOCAL_USER,
      createdAt,
      expiresAt,
    });
    return { claim_token, canonical_ref: `${namespace}/${parsed.name}`, expires_at: expiresAt };
  });
}

/** Gives a claimed name back. @throws ResourceNotFoundError `template_name_claim_not_found` */
export function releaseName(db: Database, token: string): void {
  db.transaction(() => {
    deleteExpiredClaims(db, now());
    if (!deleteClaim(db, token)) {
      throw new ResourceNotFoundError(
        "template_name_claim_not_found",
        "There is no such name claim. It may have expired, been released, or been used by a build.",
      );
    }
  });
}

/**
 * Uses up the claim on a name that a template now takes. A caller's own claim lets it through without the token too,
 * because clients exist that cannot send one.
 *
 * @param token claim that the request presents; it must be a live claim of exactly this name
 */
export function consumeClaim(db: Database, namespace: string, name: string, token: string | undefined): void {
  deleteExpiredClaims(db, now());
  if (token !== undefined) {
    const claim = findClaim(db, token);
    if (claim === undefined) {
      throw new InvalidRequestError("claim_token: this claim has expired or was used. Reserve the name again.");
    }
    if (claim.namespace !== namespace || claim.name !== name) {
      throw new InvalidRequestError(
        `claim_token: this claim is for ${claim.namespace}/${claim.name}, and the request is about ${namespace}/${name}.`,
      );
    }
  }
  deleteClaimOf(db, LOCAL_USER, namespace, name);
}
