import { createHash } from "node:crypto";
import { now } from "../clock.ts";
import { ConflictError, InvalidRequestError, ResourceNotFoundError } from "../errors.ts";
import { newId } from "../ids.ts";
import { audit } from "./audit.ts";
import { columns } from "./columns.ts";
import type { Database } from "./database.ts";
import { writeIfRoom } from "./disk-room.ts";

/** What is kept of a key. */
export interface ApiKeyRow {
  /** `key_…`. */
  keyId: string;
  /** Unique among those that are good. */
  name: string;
  createdAt: string;
  /** Within about a minute; `null`: never. */
  lastUsedAt: string | null;
  revokedAt: string | null;
}

/** A key that is good. */
export interface LiveKey {
  keyId: string;
  name: string;
  /** {@link digestOf} the key. */
  digest: Uint8Array;
}

/** Each request is compared with every good key, so there are not many. */
const MAX_LIVE_KEYS = 100;

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/i;

const KEY = columns<ApiKeyRow>({ keyId: true, name: true, createdAt: true, lastUsedAt: true, revokedAt: true });
const LIVE_KEY = columns<LiveKey>({ keyId: true, name: true, digest: true });

/** What is kept of a key: its SHA-256. */
export function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** The keys of a data folder. Another process may change them while the service runs, so nothing of them is remembered. */
export class ApiKeyStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Records a key. One that is recorded already stays as it is.
   *
   * @throws InvalidRequestError for a name that is none; ConflictError when a good key has it, or there are too many
   */
  add(name: string, key: string): ApiKeyRow {
    if (!NAME.test(name)) {
      throw new InvalidRequestError(
        `"${name}" cannot be the name of a key: letters, digits, ".", "_" and "-", at most 64, with a letter or digit at both ends.`,
      );
    }
    const digest = digestOf(key);
    // Also on a full disk: without a key nobody could come in and make room.
    return this.#db.transaction(() => {
      const known = this.#db.get<ApiKeyRow>(`SELECT ${KEY.select()} FROM api_keys WHERE digest = ?`, [digest]);
      if (known !== undefined) return known;
      const live = this.live();
      if (live.some((each) => each.name === name)) {
        throw new ConflictError(`There is a key called "${name}". Revoke it first, or choose another name.`);
      }
      if (live.length >= MAX_LIVE_KEYS) {
        throw new ConflictError(`There are ${MAX_LIVE_KEYS} keys, the most that this service allows. Revoke some.`);
      }
      const keyId = newId("key_");
      this.#db.run("INSERT INTO api_keys (key_id, name, digest, created_at) VALUES (?, ?, ?, ?)", [
        keyId,
        name,
        digest,
        now(),
      ]);
      audit(this.#db, "key_created", keyId, { name });
      return this.#db.get<ApiKeyRow>(`SELECT ${KEY.select()} FROM api_keys WHERE key_id = ?`, [keyId]) as ApiKeyRow;
    });
  }

  /** The keys that are good now. */
  live(): LiveKey[] {
    return this.#db.all<LiveKey>(`SELECT ${LIVE_KEY.select()} FROM api_keys WHERE revoked_at IS NULL`);
  }

  /** All keys that ever were, oldest first. */
  list(): ApiKeyRow[] {
    return this.#db.all<ApiKeyRow>(`SELECT ${KEY.select()} FROM api_keys ORDER BY seq`);
  }

  /** The keys that are good, newest first. */
  liveRows(): ApiKeyRow[] {
    return this.#db.all<ApiKeyRow>(`SELECT ${KEY.select()} FROM api_keys WHERE revoked_at IS NULL ORDER BY seq DESC`);
  }

  /** A page of the keys that were revoked, the one that was made last first. */
  revokedPage(before: number, limit: number): (ApiKeyRow & { seq: number })[] {
    return this.#db.all(
      `SELECT ${KEY.select()}, seq FROM api_keys WHERE revoked_at IS NOT NULL AND seq < ? ORDER BY seq DESC LIMIT ?`,
      [before, limit],
    );
  }

  /** A key that is good, by its id. @throws ResourceNotFoundError `api_key_not_found` */
  get(keyId: string): ApiKeyRow {
    const key = this.#db.get<ApiKeyRow>(
      `SELECT ${KEY.select()} FROM api_keys WHERE key_id = ? AND revoked_at IS NULL`,
      [keyId],
    );
    if (key !== undefined) return key;
    throw new ResourceNotFoundError("api_key_not_found", `No valid key has the id "${keyId}".`, {
      suggestedAction: "Look at the list of the keys: it may have been revoked.",
    });
  }

  /** Makes a key worthless. @throws ResourceNotFoundError `api_key_not_found` when no good key has that name or id */
  revoke(nameOrId: string): ApiKeyRow {
    return this.#db.transaction(() => {
      const key = this.#db.get<ApiKeyRow>(
        `SELECT ${KEY.select()} FROM api_keys WHERE revoked_at IS NULL AND (key_id = $given OR name = $given)`,
        { $given: nameOrId },
      );
      if (key === undefined) {
        throw new ResourceNotFoundError(
          "api_key_not_found",
          `No valid key has the name or id "${nameOrId}". List them with \`nullspace-local keys list\`.`,
        );
      }
      const revokedAt = now();
      this.#db.run("UPDATE api_keys SET revoked_at = ? WHERE key_id = ?", [revokedAt, key.keyId]);
      audit(this.#db, "key_revoked", key.keyId, { name: key.name });
      return { ...key, revokedAt };
    });
  }

  /** Notes that a key was used just now, while there is room on the disk. */
  touch(keyId: string): void {
    writeIfRoom(this.#db, () => {
      this.#db.run("UPDATE api_keys SET last_used_at = ? WHERE key_id = ?", [now(), keyId]);
    });
  }
}
