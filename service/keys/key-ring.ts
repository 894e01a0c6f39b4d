import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Caller } from "../caller.ts";
import { StartupError } from "../errors.ts";
import { digestOf, type ApiKeyStore, type LiveKey } from "../store/api-keys.ts";

/** The time of a key's last use is written this seldom. */
const TOUCH_EVERY_MS = 60_000;

/** A key that somebody thought up is at least this long. */
const MIN_KEY_LENGTH = 32;

/** Finds out whose a key is. */
export interface KeyRing {
  /** Whose key that is; `undefined` for one that is not good. */
  find(key: string): Caller | undefined;
  /** Whether the key of a caller is still good. */
  isLive(caller: Caller): boolean;
}

/** A key that is good as long as its process runs, and is written nowhere. */
export interface ProcessKey {
  name: string;
  key: string;
}

/** A new key. */
export function newKey(): string {
  return `ns_local_${randomBytes(24).toString("base64url")}`;
}

/** Checks a key that was given from outside. @throws StartupError `weak_api_key` */
export function checkGivenKey(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key) && key.length >= MIN_KEY_LENGTH) return key;
  throw new StartupError(
    `The API key that was given has fewer than ${MIN_KEY_LENGTH} characters, or characters other than visible ASCII. Generate one, for example with \`openssl rand -hex 24\`.`,
    "weak_api_key",
  );
}

/**
 * The keys of a store, and those of this process. A given key is compared with each of them, by digest and to the end, so
 * that the time tells nothing; a key that is revoked, also by another process, is worthless from that moment on.
 */
export function keyRing(processKeys: readonly ProcessKey[], store?: ApiKeyStore): KeyRing {
  const own: LiveKey[] = processKeys.map(({ name, key }) => ({ keyId: "", name, digest: digestOf(key) }));
  const touchedAtMs = new Map<string, number>();
  const all = (): LiveKey[] => [...own, ...(store?.live() ?? [])];
  return {
    find(key) {
      const digest = digestOf(key);
      let found: LiveKey | undefined;
      for (const each of all()) if (timingSafeEqual(digest, each.digest)) found = each;
      if (found === undefined) return undefined;
      if (found.keyId === "") return { keyId: null, name: found.name };
      const nowMs = Date.now();
      if (nowMs - (touchedAtMs.get(found.keyId) ?? 0) > TOUCH_EVERY_MS) {
        touchedAtMs.set(found.keyId, nowMs);
        const { keyId } = found;
        if (store !== undefined) store.touch(keyId);
      }
      return { keyId: found.keyId, name: found.name };
    },
    isLive: (caller) =>
      all().some(({ keyId, name }) =>
        caller.keyId === null ? keyId === "" && name === caller.name : keyId === caller.keyId,
      ),
  };
}
