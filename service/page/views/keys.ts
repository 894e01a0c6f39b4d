import type { Caller } from "../../caller.ts";
import { ApiKeyStore, type ApiKeyRow } from "../../store/api-keys.ts";
import type { Database } from "../../store/database.ts";
import { numberOf, pageOf, type Listed } from "./cursor.ts";

/** Revoked keys of a page. */
const REVOKED = 25;

/** A key, without the key. */
export interface KeyLine {
  keyId: string;
  name: string;
  createdAt: string;
  lastUsedAt: string | undefined;
  revokedAt: string | undefined;
  /** Whoever looks has logged in with it. */
  isOwn: boolean;
}

export interface KeyList {
  /** Newest first. */
  live: KeyLine[];
  revoked: Listed<KeyLine>;
  /** Whoever looks has logged in with a key that its service was started with, and that is in no list. */
  isFromProcess: boolean;
}

/** The keys of the service. */
export function listKeys(db: Database, caller: Caller, { after }: { after?: string | undefined }): KeyList {
  const keys = new ApiKeyStore(db);
  const before = after === undefined ? Number.MAX_SAFE_INTEGER : numberOf(after);
  return {
    live: keys.liveRows().map((row) => keyLine(row, caller)),
    revoked: pageOf(
      keys.revokedPage(before, REVOKED + 1),
      REVOKED,
      (row) => keyLine(row, caller),
      ({ seq }) => String(seq),
    ),
    isFromProcess: caller.keyId === null,
  };
}

function keyLine({ keyId, name, createdAt, lastUsedAt, revokedAt }: ApiKeyRow, caller: Caller): KeyLine {
  return {
    keyId,
    name,
    createdAt,
    lastUsedAt: lastUsedAt ?? undefined,
    revokedAt: revokedAt ?? undefined,
    isOwn: keyId === caller.keyId,
  };
}

/** A key that is about to be revoked. */
export interface PlannedRevocation {
  key: KeyLine;
  /** No other key of the data folder is valid. */
  isLast: boolean;
}

/** @throws ResourceNotFoundError `api_key_not_found` */
export function plannedRevocation(db: Database, caller: Caller, keyId: string): PlannedRevocation {
  const keys = new ApiKeyStore(db);
  return { key: keyLine(keys.get(keyId), caller), isLast: keys.live().length === 1 };
}
