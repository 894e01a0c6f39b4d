import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { FastifyBaseLogger } from "fastify";
import type { Caller } from "../../caller.ts";
import { asError } from "../../errors.ts";
import type { KeyRing } from "../../keys/key-ring.ts";
import { elapsedMs, thisMoment, type Moment } from "./elapsed.ts";

/** A session that nobody has used for so long ends, unless the service was told otherwise: 30 minutes. */
export const DEFAULT_IDLE_MS = 30 * 60_000;

/** And after so long it ends in any case. */
export const SESSION_LIFE_MS = 12 * 60 * 60_000;

/** So many at a time; the one that was not used for longest makes room. */
const MAX_SESSIONS = 200;

/** So soon after a key was revoked, or a session's time was up, what is being streamed to it ends. */
const LOOK_EVERY_MS = 1_000;

/** Said once, on the next page that is shown: what an action came to. */
export interface Notice {
  kind: "done" | "refused";
  text: string;
}

/** Somebody who has logged in to the page. */
export interface Session {
  /** Whose key it was. */
  readonly caller: Caller;
  /** Stands in every form of the session; a form without it changes nothing. */
  readonly formToken: string;
  /** Aborts when the session ends: streams that it follows end with it. */
  readonly ended: AbortSignal;
  notice: Notice | undefined;
}

interface HeldSession extends Session {
  readonly end: AbortController;
  readonly openedAt: Moment;
  usedAt: Moment;
}

/**
 * The sessions of the page, in memory: a stop of the service ends them. What a browser holds is a secret of 256 bits; here
 * its digest is kept, with the id of the key that it was opened with, which is looked up each time: a revoked key ends its
 * sessions at once.
 */
export class Sessions {
  readonly #keys: KeyRing;
  readonly #log: FastifyBaseLogger;
  readonly #idleMs: number;
  readonly #held = new Map<string, HeldSession>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ keys, log, idleMs = DEFAULT_IDLE_MS }: { keys: KeyRing; log: FastifyBaseLogger; idleMs?: number }) {
    this.#keys = keys;
    this.#log = log;
    this.#idleMs = idleMs;
  }

  /** Opens a session. @returns the secret that its browser holds, said this once */
  open(caller: Caller): string {
    while (this.#held.size >= MAX_SESSIONS) this.#end(this.#held.keys().next().value!);
    const secret = randomBytes(32).toString("base64url");
    const end = new AbortController();
    const now = thisMoment();
    this.#held.set(digestOf(secret), {
      caller,
      formToken: randomBytes(32).toString("base64url"),
      end,
      ended: end.signal,
      openedAt: now,
      usedAt: now,
      notice: undefined,
    });
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    return secret;
  }

  /**
   * The session of a secret; `undefined` when it has ended, or there was none.
   *
   * @param isUse whether somebody does something, and it does not merely look again by itself
   */
  find(secret: string, isUse: boolean): Session | undefined {
    const digest = digestOf(secret);
    const session = this.#held.get(digest);
    if (session === undefined) return undefined;
    if (this.#isOver(session)) {
      this.#end(digest);
      return undefined;
    }
    if (isUse) {
      session.usedAt = thisMoment();
      // The order of the map is that of the last use.
      this.#held.delete(digest);
      this.#held.set(digest, session);
    }
    return session;
  }

  /** Ends the session of a secret. */
  close(secret: string): void {
    this.#end(digestOf(secret));
  }

  /** Ends all of them. */
  closeAll(): void {
    for (const digest of [...this.#held.keys()]) this.#end(digest);
  }

  #isOver({ caller, openedAt, usedAt }: HeldSession): boolean {
    return elapsedMs(usedAt) > this.#idleMs || elapsedMs(openedAt) > SESSION_LIFE_MS || !this.#keys.isLive(caller);
  }

  #end(digest: string): void {
    this.#held.get(digest)?.end.abort(new Error("the session has ended"));
    this.#held.delete(digest);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    try {
      for (const [digest, session] of this.#held) if (this.#isOver(session)) this.#end(digest);
    } catch (error) {
      // The store may be busy: the next look is soon, each request looks itself, and nothing may end the process from here.
      this.#log.error({ err: asError(error) }, "the sessions of the page could not be looked at");
    }
  }
}

/** Whether a form came from a page of the session. */
export function hasFormToken({ formToken }: Session, given: string | undefined): boolean {
  const [wanted, found] = [Buffer.from(formToken), Buffer.from(given ?? "")];
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
