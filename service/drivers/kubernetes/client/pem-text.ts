import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";

/** Certificates of a kubeconfig, or a key, PEM. What stands in a file may be renewed there at any time. */
export interface PemText {
  /** As it is now. */
  readonly text: string;
  /** What is known of it may be out of date: the next look is a new one. */
  lookAgain(): void;
}

/** A file is looked at so often, at most: for that its size and times are enough. */
const LOOK_EVERY_MS = 1_000;

/** What never changes. */
export function fixedPem(text: string): PemText {
  return { text, lookAgain: () => undefined };
}

/** What stands in a file. While that cannot be read, as in the middle of being replaced, it is what it was. */
export class PemFile implements PemText {
  readonly #path: string;
  #text: string;
  #version: string;
  #lookedAtMs = performance.now();

  /** @throws the errors of the file system */
  constructor(path: string) {
    this.#path = path;
    this.#version = versionOf(path);
    this.#text = readFileSync(path, "utf8");
  }

  get text(): string {
    if (performance.now() - this.#lookedAtMs >= LOOK_EVERY_MS) this.#look();
    return this.#text;
  }

  lookAgain(): void {
    this.#lookedAtMs = -Infinity;
  }

  #look(): void {
    this.#lookedAtMs = performance.now();
    try {
      const version = versionOf(this.#path);
      if (version === this.#version) return;
      this.#text = readFileSync(this.#path, "utf8");
      this.#version = version;
    } catch {
      // The server says so, if what was there before is no good any more.
    }
  }
}

/** Authorities that a connection can be made with: half of a file is not taken. */
export class Authorities implements PemText {
  readonly #source: PemText;
  #usable: string;

  constructor(source: PemText) {
    this.#source = source;
    this.#usable = source.text;
  }

  get text(): string {
    const { text } = this.#source;
    if (text !== this.#usable && isUsable({ ca: text })) this.#usable = text;
    return this.#usable;
  }

  lookAgain(): void {
    this.#source.lookAgain();
  }
}

/** Whether a connection could be made with them: a certificate and a key belong together. */
export function isUsable(pem: { ca?: string; cert?: string; key?: string }): boolean {
  try {
    createSecureContext(pem);
    return true;
  } catch {
    return false;
  }
}

function versionOf(path: string): string {
  const { mtimeMs, ctimeMs, size, ino } = statSync(path);
  return [mtimeMs, ctimeMs, size, ino].join();
}
