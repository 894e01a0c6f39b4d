import type { ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import type { Caller } from "../caller.ts";
import { asError } from "../errors.ts";
import type { KeyRing } from "../keys/key-ring.ts";

/** So soon after a key was revoked the connections that were opened with it end. */
const LOOK_EVERY_MS = 1_000;

/** The requests that are being answered, by the key that they came with: a key that is revoked ends them. */
export class OpenRequests {
  readonly #keys: KeyRing;
  readonly #log: FastifyBaseLogger;
  readonly #open = new Map<ServerResponse, Caller>();
  #timer: NodeJS.Timeout | undefined;

  constructor(keys: KeyRing, log: FastifyBaseLogger) {
    this.#keys = keys;
    this.#log = log;
  }

  /** Watches over a request until its answer is complete. */
  add(response: ServerResponse, caller: Caller): void {
    if (response.closed) return;
    this.#open.set(response, caller);
    this.#timer ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    response.once("close", () => {
      this.#open.delete(response);
      if (this.#open.size === 0) this.close();
    });
  }

  /** Watches no more: the service ends them all. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    try {
      for (const [response, caller] of this.#open) if (!this.#keys.isLive(caller)) response.destroy();
    } catch (error) {
      // The store may be busy or on a full disk: the next look is soon, and nothing may end the process from here.
      this.#log.error({ err: asError(error) }, "the keys of open requests could not be looked at");
    }
  }
}
