import type { ServerResponse } from "node:http";
import type { Caller } from "../caller.ts";
import type { KeyRing } from "../keys/key-ring.ts";

/** So soon after a key was revoked the connections that were opened with it end. */
const LOOK_EVERY_MS = 1_000;

/** The requests that are being answered, by the key that they came with: a key that is revoked ends them. */
export class OpenRequests {
  readonly #keys: KeyRing;
  readonly #open = new Map<ServerResponse, Caller>();
  #timer: NodeJS.Timeout | undefined;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Watches over a request until its answer is complete. */
  add(response: ServerResponse, caller: Caller): void {
    this.#open.set(response, caller);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    response.once("close", () => {
      this.#open.delete(response);
      if (this.#open.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
  }

  #look(): void {
    for (const [response, caller] of this.#open) if (!this.#keys.isLive(caller)) response.destroy();
  }
}
