import type { IgnoreSyntax } from "../ignore/rule.ts";
import type { ResolvedLimits } from "../limits.ts";
import type { EntryTableBuilder } from "../table/entry-table-builder.ts";
import { DIRECTORY, FILE, SYMLINK } from "../table/kind.ts";
import { DirectoryWeights, overLimit } from "./directory-weights.ts";

/** Over the limit the walk only counts, up to this many times the limit, so that the error names the right directories. */
const COUNT_AHEAD = 5;

/** Counts the entries of a walk against the limits of their number. */
export class EntryCount {
  readonly #limits: ResolvedLimits;
  readonly #syntax: IgnoreSyntax;
  #files = 0;
  #directories = 0;
  #linkedDirectories = 0;
  #passed: "too_many_files" | "too_many_entries" | undefined;
  #weights: DirectoryWeights | undefined;

  /** @param syntax of the ignore line in the error */
  constructor(limits: ResolvedLimits, syntax: IgnoreSyntax = "docker") {
    this.#limits = limits;
    this.#syntax = syntax;
  }

  /**
   * Counts an entry.
   *
   * @param path Latin-1
   * @param known the entries before it
   * @returns false when a limit is passed: entries need not be kept any more
   * @throws ContextLimitError when a limit is passed by so much that there is enough to say
   */
  add(path: string, kind: number, known: EntryTableBuilder): boolean {
    if (kind === DIRECTORY) this.#directories++;
    else this.#files++;
    const { files, entries } = this.#limits;
    const count = this.#files + this.#directories;
    const fileCount = this.#files + this.#linkedDirectories;
    if (this.#passed === undefined && fileCount > files) this.#passed = "too_many_files";
    if (this.#passed === undefined && count > entries) this.#passed = "too_many_entries";
    if (this.#passed === undefined) return true;
    if (!this.#weights) {
      this.#weights = new DirectoryWeights();
      for (const earlier of known.each()) this.#weigh(this.#weights, earlier.path, earlier.kind);
    }
    this.#weigh(this.#weights, path, kind);
    if (fileCount >= files * COUNT_AHEAD || count >= entries * COUNT_AHEAD) this.finish();
    return false;
  }

  /**
   * Counts a link that was followed to a directory among the files, as links are: two of them in each of thirty directories,
   * both to the next one, make a thousand million directories and no file.
   */
  addLinkedDirectory(path: string): void {
    this.#linkedDirectories++;
    this.#weights?.add(path, 0);
  }

  /** @throws ContextLimitError when a limit is passed */
  finish(): void {
    if (!this.#weights || !this.#passed) return;
    throw overLimit(this.#passed, this.#limits, this.#weights, this.#syntax);
  }

  #weigh(weights: DirectoryWeights, path: string, kind: number): void {
    const counts = kind === FILE || kind === SYMLINK || (kind === DIRECTORY && this.#passed === "too_many_entries");
    if (counts) weights.add(path, 0);
  }
}
