import { createRedactor, type Redactor } from "./redactor.ts";

/** More secrets than this are not kept: the oldest are forgotten. No program has so many; a broken one shall not fill the memory. */
const MOST_SECRETS = 10_000;

/** The secrets that have come into a process so far, for the redaction of all that leaves it. */
export class SecretStore implements Redactor {
  readonly #secrets = new Set<string>();
  #redactor: Redactor | undefined;

  /** Remembers secrets; what is redacted from now on is without them. */
  add(secrets: Iterable<string>): void {
    for (const secret of secrets) {
      if (this.#secrets.has(secret)) continue;
      this.#secrets.add(secret);
      this.#redactor = undefined;
    }
    for (const oldest of this.#secrets) {
      if (this.#secrets.size <= MOST_SECRETS) break;
      this.#secrets.delete(oldest);
    }
  }

  text(text: string): string {
    return this.#current().text(text);
  }

  value<Value>(value: Value): Value {
    return this.#current().value(value);
  }

  #current(): Redactor {
    return (this.#redactor ??= createRedactor(this.#secrets));
  }
}
