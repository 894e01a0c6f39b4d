import type { State } from "../glob/automaton.ts";
import { type DockerPattern, literalException } from "./docker-pattern.ts";
import { type IgnoreCursor, type IgnoreMatcher, INCLUDED, ruleFor } from "./matcher.ts";
import { ALWAYS_SENT, type IgnoreRule } from "./rule.ts";

/** A compiled pattern and the rule it comes from. */
export interface DockerRule {
  readonly rule: IgnoreRule;
  readonly pattern: DockerPattern;
}

/**
 * moby's `MatchesOrParentMatches` over a tree: the last pattern that matches the path or one of its parents decides, a
 * pattern that could not change the outcome is not asked. Parents are answered once for all their entries.
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
    if (ruleFor(new DockerMatcher(all), path) === undefined) continue;
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
  /** The directory or one above it matches, so everything below does. */
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
    const { patterns } = this.#matcher;
    let excludedBy = INCLUDED;
    for (const { index, state, hasMatched } of this.#live) {
      const { isException, automaton } = patterns[index]!;
      if (isException !== (excludedBy !== INCLUDED)) continue;
      if (hasMatched || automaton.advance(state, name).isAccepting) excludedBy = isException ? INCLUDED : index;
    }
    return excludedBy;
  }

  mayReincludeBelow(name: string): boolean {
    return this.#matcher.entered.has(this.#path + name);
  }

  enter(name: string): IgnoreCursor {
    const live: Live[] = [];
    for (const { index, state, hasMatched } of this.#live) {
      const { automaton } = this.#matcher.patterns[index]!;
      const atName = automaton.advance(state, name);
      const below = automaton.advance(atName, "/");
      const matched = hasMatched || atName.isAccepting;
      if (matched || !below.isDead) live.push({ index, state: below, hasMatched: matched });
    }
    return new DockerCursor(this.#matcher, `${this.#path}${name}/`, live);
  }
}
