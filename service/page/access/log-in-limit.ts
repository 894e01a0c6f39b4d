import { elapsedMs, thisMoment, type Moment } from "./elapsed.ts";

/** So many keys that are none may be tried from one address, */
export const MAX_TRIES = 10;
/** within this time. */
export const TRIES_WITHIN_MS = 60_000;

/** Addresses that are remembered; the one that tried first is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** How often each address has tried a key that is none. Behind a proxy, all have the proxy's address. */
export class LogInLimit {
  readonly #tries = new Map<string, { since: Moment; count: number }>();

  /** Seconds after which an address may try again; 0: now. */
  waitSeconds(address: string): number {
    const tries = this.#tries.get(address);
    if (tries === undefined) return 0;
    const leftMs = TRIES_WITHIN_MS - elapsedMs(tries.since);
    if (leftMs <= 0) {
      this.#tries.delete(address);
      return 0;
    }
    return tries.count < MAX_TRIES ? 0 : Math.ceil(leftMs / 1000);
  }

  /** A key that is none was tried. */
  note(address: string): void {
    const tries = this.#tries.get(address);
    if (tries !== undefined) tries.count += 1;
    else this.#tries.set(address, { since: thisMoment(), count: 1 });
    if (this.#tries.size > MAX_ADDRESSES) this.#tries.delete(this.#tries.keys().next().value!);
  }
}
