import type { Mark } from "../ownership/mark.ts";
import type { TemplateFiles } from "./template-context.ts";

/** For so long after its end a reading serves other resources: a program's Templates are checked in one go. */
const FRESH_MS = 1_000;

/** What Check needs of a reading. */
export type Reading = Omit<TemplateFiles, "context">;

interface Recent {
  readonly reading: Promise<Reading>;
  /** Resources that have had it: asked again by one of them, the files are read again. */
  readonly served: Set<Mark>;
  expiresAtMs: number;
}

/**
 * Lets the Templates of one program that are of one tree share one walk of it. Only for Check: what is built is read again
 * at the upload, and compared with what Check said.
 */
export class RecentReadings {
  readonly #recent = new Map<string, Recent>();

  /**
   * @param mark of the resource that asks; `""` shares nothing
   * @param key the same for readings that must have the same result
   */
  share(mark: Mark, key: string, read: () => Promise<Reading>): Promise<Reading> {
    if (mark === "") return read();
    const now = performance.now();
    for (const [each, { expiresAtMs }] of this.#recent) if (expiresAtMs < now) this.#recent.delete(each);
    const known = this.#recent.get(key);
    if (known !== undefined && !known.served.has(mark)) {
      known.served.add(mark);
      return known.reading;
    }
    const recent: Recent = { reading: read(), served: new Set([mark]), expiresAtMs: Infinity };
    this.#recent.set(key, recent);
    recent.reading.then(
      () => void (recent.expiresAtMs = performance.now() + FRESH_MS),
      // An error is not shared with those that ask later, and may be of the first one's being stopped.
      () => void (this.#recent.get(key) === recent && this.#recent.delete(key)),
    );
    return recent.reading;
  }
}
