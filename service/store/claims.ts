import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** A name that somebody has reserved for a while. */
export interface ClaimRow {
  claimToken: string;
  namespace: string;
  name: string;
  owner: string;
  createdAt: string;
  expiresAt: string;
}

const CLAIM = columns<ClaimRow>({
  claimToken: true,
  namespace: true,
  name: true,
  owner: true,
  createdAt: true,
  expiresAt: true,
});

/** Records a claim; one of the same name is prolonged instead. @returns the token that holds the name */
export function putClaim(db: Database, claim: ClaimRow): string {
  const { claimToken } = db.get<{ claimToken: string }>(
    `INSERT INTO claims ${CLAIM.values()}
     ON CONFLICT (namespace, name) DO UPDATE SET expires_at = excluded.expires_at
     RETURNING claim_token AS claimToken`,
    CLAIM.binds(claim),
  ) as { claimToken: string };
  return claimToken;
}

export function findClaim(db: Database, token: string): ClaimRow | undefined {
  return db.get<ClaimRow>(`SELECT ${CLAIM.select()} FROM claims WHERE claim_token = ?`, [token]);
}

/** @returns whether there was one */
export function deleteClaim(db: Database, token: string): boolean {
  return db.run("DELETE FROM claims WHERE claim_token = ?", [token]) > 0;
}

/** Takes away what `owner` has claimed of a name. */
export function deleteClaimOf(db: Database, owner: string, namespace: string, name: string): void {
  db.run("DELETE FROM claims WHERE namespace = ? AND name = ? AND owner = ?", [namespace, name, owner]);
}

/** Takes away claims whose time is over. */
export function deleteExpiredClaims(db: Database, at: string): void {
  db.run("DELETE FROM claims WHERE expires_at <= ?", [at]);
}
