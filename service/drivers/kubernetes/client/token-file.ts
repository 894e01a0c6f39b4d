import { readFile } from "node:fs/promises";
import { fixedCredentials, type Credentials, type Identity } from "./cluster-access.ts";
import { CredentialsError } from "./errors.ts";

/** A kubelet replaces the token of a pod long before it expires; client-go reads it again after as long. */
const READ_AGAIN_MS = 60_000;

/**
 * A token that something else keeps fresh in a file: that of a pod's service account, mostly.
 *
 * @param rest what else proves who asks
 */
export class TokenFile implements Credentials {
  readonly #path: string;
  readonly #rest: Credentials;
  #token: string | undefined;
  #readAtMs = -Infinity;

  constructor(path: string, rest: Credentials = fixedCredentials({})) {
    this.#path = path;
    this.#rest = rest;
  }

  async get(signal?: AbortSignal): Promise<Identity> {
    const rest = await this.#rest.get(signal);
    if (this.#token === undefined || performance.now() - this.#readAtMs > READ_AGAIN_MS) {
      try {
        this.#token = (await readFile(this.#path, "utf8")).trim();
        this.#readAtMs = performance.now();
      } catch (error) {
        // It may be in the middle of being replaced: the one before is good until somebody says that it is not.
        if (this.#token !== undefined) return { ...rest, token: this.#token };
        throw new CredentialsError(`The token file ${this.#path} cannot be read.`, error);
      }
    }
    return { ...rest, token: this.#token };
  }

  refused(): void {
    this.#token = undefined;
    this.#rest.refused();
  }
}
