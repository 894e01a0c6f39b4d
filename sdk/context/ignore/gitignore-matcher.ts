import { Automaton, type State } from "../glob/automaton.ts";
import { literal } from "../glob/syntax.ts";
import type { GitignorePattern } from "./gitignore-pattern.ts";
import { type IgnoreCursor, type IgnoreMatcher, INCLUDED, ruleFor } from "./matcher.ts";
import { ALWAYS_SENT, type IgnoreRule } from "./rule.ts";

/** A compiled line and the rule it comes from. */
export interface GitignoreRule {
  readonly rule: IgnoreRule;
  readonly pattern: GitignorePattern;
}

/**
 * Git's ignore rules as `pathspec.GitIgnoreSpec` decides them: the last line that matches the path itself; if there is
 * none, the last that matches a directory above it; if there is none, the path is included. A directory is excluded when
 * its path, without or with a slash at the end, is.
 *
 * Unlike Git, an exception reaches below an excluded directory. A directory is skipped only where none can.
 *
 * @param alwaysSent paths that are sent whatever the rules say: the Dockerfile and the ignore file
 */
export function gitignoreMatcher(rules: readonly GitignoreRule[], alwaysSent: readonly string[] = []): IgnoreMatcher {
  const excluded = alwaysSent.filter((path) => ruleFor(compiled(rules), path) !== undefined);
  const exceptions = excluded.map((path) => ({
    rule: { pattern: `!${path}`, line: 0, file: ALWAYS_SENT },
    pattern: { isException: true, exact: new Automaton(literal(path)) },
  }));
  return compiled([...rules, ...exceptions]);
}

function compiled(rules: readonly GitignoreRule[]): IgnoreMatcher {
  const patterns = rules.map(({ pattern }) => pattern);
  const live = patterns.map(({ exact, beneath }, index) => ({
    index,
    exact: exact?.start,
    beneath: beneath?.start,
  }));
  return { rules: rules.map(({ rule }) => rule), root: () => new GitignoreCursor(patterns, live) };
}

/** Where a line stands after the directory's path and a slash. A dead automaton is left out. */
interface Live {
  readonly index: number;
  readonly exact: State | undefined;
  readonly beneath: State | undefined;
}

class GitignoreCursor implements IgnoreCursor {
  readonly #patterns: readonly GitignorePattern[];
  readonly #live: readonly Live[];

  constructor(patterns: readonly GitignorePattern[], live: readonly Live[]) {
    this.#patterns = patterns;
    this.#live = live;
  }

  excludedBy(name: string, isDirectory: boolean): number {
    const asFile = this.#decide(name);
    return asFile === INCLUDED && isDirectory ? this.#decide(`${name}/`) : asFile;
  }

  #decide(text: string): number {
    let beneath = INCLUDED;
    let hasBeneath = false;
    for (let i = this.#live.length - 1; i >= 0; i--) {
      const live = this.#live[i]!;
      const pattern = this.#patterns[live.index]!;
      const verdict = pattern.isException ? INCLUDED : live.index;
      if (live.exact && pattern.exact!.advance(live.exact, text).isAccepting) return verdict;
      if (!hasBeneath && live.beneath && pattern.beneath!.advance(live.beneath, text).isAccepting) {
        beneath = verdict;
        hasBeneath = true;
      }
    }
    return beneath;
  }

  mayReincludeBelow(name: string): boolean {
    let isSealed = false;
    for (const live of this.#below(name)) {
      const { isException, isExactOpen } = this.#patterns[live.index]!;
      if (isException) return true;
      if (live.beneath?.isAccepting || (isExactOpen && live.exact?.isAccepting)) isSealed = true;
    }
    return !isSealed;
  }

  enter(name: string): IgnoreCursor {
    return new GitignoreCursor(this.#patterns, this.#below(name));
  }

  #below(name: string): Live[] {
    const below: Live[] = [];
    for (const live of this.#live) {
      const pattern = this.#patterns[live.index]!;
      const exact = live.exact && pattern.exact!.advance(live.exact, `${name}/`);
      const beneath = live.beneath && pattern.beneath!.advance(live.beneath, `${name}/`);
      if (exact?.isDead === false || beneath?.isDead === false) {
        below.push({
          index: live.index,
          exact: exact?.isDead ? undefined : exact,
          beneath: beneath?.isDead ? undefined : beneath,
        });
      }
    }
    return below;
  }
}
