import type { Credentials, Identity } from "./cluster-access.ts";
import { isUsable, type PemText } from "./pem-text.ts";

/**
 * A client certificate with its key. Renewed ones are used from the next request on; while the two files do not fit, as between the
 * change of one and of the other, the last that did.
 */
export class ClientCertificate implements Credentials {
  readonly #cert: PemText;
  readonly #key: PemText;
  #usable: { readonly cert: string; readonly key: string };

  constructor(cert: PemText, key: PemText) {
    this.#cert = cert;
    this.#key = key;
    this.#usable = { cert: cert.text, key: key.text };
  }

  async get(): Promise<Identity> {
    const now = { cert: this.#cert.text, key: this.#key.text };
    const isSame = now.cert === this.#usable.cert && now.key === this.#usable.key;
    if (!isSame && isUsable(now)) this.#usable = now;
    return this.#usable;
  }

  refused(): void {
    this.#cert.lookAgain();
    this.#key.lookAgain();
  }
}
