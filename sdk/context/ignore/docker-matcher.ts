import type { State } from "../glob/automaton.ts";
import { type DockerPattern, literalException } from "./docker-pattern.ts";
import { type IgnoreCursor, type IgnoreMatcher, INCLUDED } from "./matcher.ts";
import { ALWAYS_SENT, type IgnoreRule } from "./rule.ts";

/** A compiled pattern and the rule it comes from. */
export interface DockerRule {
  readonly rule: IgnoreRule;
  readonly pattern: DockerPattern;
}

/**
 * moby's `MatchesUsingParentResults` over a tree, which is what the docker command line and BuildKit ask of each entry.
 * The last pattern that matches decides. A pattern that could not change the outcome is not asked, and one that matched a
 * directory counts as matching everything below it. So an exception that names a directory which was not excluded when its
 * turn came says nothing about what is below: it was not asked.
 *
 * An excluded directory is entered exactly where the Docker command line enters it: when the text of an exception, read
 * as plain text, begins with the directory's path. (`!docs/*.md` enters `docs`; `!*.md` enters nothing.)
 *
 * @param alwaysSent paths that are sent whatever the rules say: the Dockerfile and the ignore file
 */
export function dockerMatcher(rules: readonly DockerRule[], alwaysSent: readonly string[] = []): IgnoreMatcher {
  const all = [...rules];
  for (const path of alwaysSent) {
    // As the command line does, and only when needed: one more exception makes it enter one more directory.
    if (isReached(new DockerMatcher(all), path)) continue;
    all.push({ rule: { pattern: `!${path}`, line: 0, file: ALWAYS_SENT }, pattern: literalException(path) });
  }
  return new DockerMatcher(all);
}

class DockerMatcher implements IgnoreMatcher {
  readonly rules: readonly IgnoreRule[];
  readonly patterns: readonly DockerPattern[];
  /** Directories that an exception's text begins with. */
  readonly entered: ReadonlySet<string>;

  constructor(rules: readonly DockerRule[]) {
    this.rules = rules.map(({ rule }) => rule);
    this.patterns = rules.map(({ pattern }) => pattern);
    this.entered = new Set(
      this.patterns.filter(({ isException }) => isException).flatMap(({ text }) => prefixes(text)),
    );
  }

  root(): IgnoreCursor {
    const live = this.patterns.map(({ automaton }, index) => ({ index, state: automaton.start, hasMatched: false }));
    return new DockerCursor(this, "", live);
  }
}

/** Whether a walk comes to the path and finds it included. */
function isReached(matcher: DockerMatcher, path: string): boolean {
  const names = path.split("/");
  const name = names.pop()!;
  let cursor = matcher.root();
  for (const directory of names) {
    if (cursor.excludedBy(directory, true) !== INCLUDED && !cursor.mayReincludeBelow(directory)) return false;
    cursor = cursor.enter(directory);
  }
  return cursor.excludedBy(name, false) === INCLUDED;
}

/** `a/b/c` -> `a`, `a/b`, `a/b/c`. */
function prefixes(text: string): string[] {
  const parts = text.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** A pattern that can still say something about the entries of a directory. */
interface Live {
  readonly index: number;
  /** Where the pattern stands after the directory's path and a slash. */
  readonly state: State;
  /** It was asked about the directory or one above it, and matched: it matches everything below. */
  readonly hasMatched: boolean;
}

class DockerCursor implements IgnoreCursor {
  readonly #matcher: DockerMatcher;
  readonly #path: string;
  readonly #live: readonly Live[];

  constructor(matcher: DockerMatcher, path: string, live: readonly Live[]) {
    this.#matcher = matcher;
    this.#path = path;
    this.#live = live;
  }

  excludedBy(name: string): number {
    return this.#ask(name);
  }

  mayReincludeBelow(name: string): boolean {
    return this.#matcher.entered.has(this.#path + name);
  }

  enter(name: string): IgnoreCursor {
    const { patterns } = this.#matcher;
    const matched = new Set<number>();
    this.#ask(name, matched);
    const live: Live[] = [];
    for (const { index, state } of this.#live) {
      const { automaton } = patterns[index]!;
      const below = automaton.advance(automaton.advance(state, name), "/");
      const hasMatched = matched.has(index);
      if (hasMatched || !below.isDead) live.push({ index, state: below, hasMatched });
    }
    return new DockerCursor(this.#matcher, `${this.#path}${name}/`, live);
  }

  /**
   * Asks the patterns in their order.
   *
   * @param matched is given the patterns that match, of those that were asked
   * @returns the pattern that excludes, or {@link INCLUDED}
   */
  #ask(name: string, matched?: Set<number>): number {
    let excludedBy = INCLUDED;
    for (const { index, state, hasMatched } of this.#live) {
      const { isException, automaton } = this.#matcher.patterns[index]!;
      const isAsked = isException === (excludedBy !== INCLUDED);
      if (!hasMatched && !(isAsked && automaton.advance(state, name).isAccepting)) continue;
      matched?.add(index);
      if (isAsked) excludedBy = isException ? INCLUDED : index;
    }
    return excludedBy;
  }
}
