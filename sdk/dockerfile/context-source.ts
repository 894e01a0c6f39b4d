import { compileDockerPattern, type DockerPattern } from "../context/ignore/docker-pattern.ts";
import { dockerMatcher } from "../context/ignore/docker-matcher.ts";
import { matchGoPattern } from "../context/ignore/go-match.ts";
import { cleanPath } from "../context/ignore/go-path.ts";
import { MalformedPatternError } from "../context/ignore/compile-rule.ts";
import { ruleFor, type IgnoreMatcher } from "../context/ignore/matcher.ts";

/** Whether a step reads what has changed. */
export type Reach = "yes" | "no" | "maybe";

/** A path of the context whose entry was added, removed or changed. */
export interface ChangedPath {
  /** As it was given. */
  text: string;
  /** Its parts; none for the context itself. */
  names: readonly string[];
  /** Something below it has changed, and nobody knows what. */
  isFolded: boolean;
}

/** @param text relative to the context, with `/`; one at the end says that something below has changed */
export function readChangedPath(text: string): ChangedPath {
  const names = partsOf(text);
  return { text, names, isFolded: text.endsWith("/") || names.length === 0 };
}

/** What an instruction reads of the context. */
export interface ContextSource {
  reach(changed: ChangedPath): Reach;
}

/** A source of which nothing is known. */
export const UNKNOWN_SOURCE: ContextSource = { reach: () => "maybe" };

/** What the flags of COPY and ADD say about their sources. */
export interface SourceFlags {
  /** Patterns of `--exclude`. */
  excludes?: readonly string[];
  /** `--parents`: a `./` inside the source divides what stays behind from what is kept. */
  keepsParents?: boolean;
}

/** A file or folder, whatever characters its name has. */
export function contextPath(path: string): ContextSource {
  const find = below(path);
  return {
    reach: (changed) => {
      const found = find(changed);
      return typeof found === "string" ? found : "yes";
    },
  };
}

/** A source of COPY or ADD, its variables replaced. Like every path it starts at the root of the context. */
export function contextSource(
  source: string,
  { excludes = [], keepsParents = false }: SourceFlags = {},
): ContextSource {
  try {
    const find = keepsParents ? underParents(source) : hasWildcards(source) ? matching(source) : below(source);
    const excluded = excludes.length === 0 ? undefined : exclusion(excludes);
    return {
      reach: (changed) => {
        const found = find(changed);
        if (typeof found === "string") return found;
        return excluded?.(changed, found.depth) ?? "yes";
      },
    };
  } catch (error) {
    if (error instanceof MalformedPatternError) return UNKNOWN_SOURCE;
    throw error;
  }
}

/** Whether the path is read, and how many of its parts are the folder that `--exclude` starts at. */
type Finder = (changed: ChangedPath) => { depth: number } | "no" | "maybe";

function below(source: string): Finder {
  const names = partsOf(cleanPath(`/${source}`));
  return (changed) => {
    const common = names.findIndex((name, index) => changed.names[index] !== name);
    if (common < 0) return { depth: names.length };
    // A folder above the source: whether the source itself is touched depends on what it was and is.
    return common === changed.names.length ? "maybe" : "no";
  };
}

/** BuildKit, cache/contenthash: what matches is read with everything below it. */
function matching(source: string): Finder {
  const pattern = cleanPath(`/${source}`).slice(1);
  const parts = pattern.split("/");
  return ({ names }) => {
    for (let depth = 1; depth <= names.length; depth++) {
      if (matchGoPattern(pattern, names.slice(0, depth).join("/"))) return { depth };
    }
    const isAbove =
      names.length < parts.length && names.every((name, at) => matchGoPattern(parts[at]!, name) !== false);
    return isAbove ? "maybe" : "no";
  };
}

/** A source of `COPY --parents`: the folder that stays behind, and the pattern of what is read below it. */
export function splitAtPivot(source: string): { pivot: string; text: string } {
  const [, pivot = "", inner = ""] = /^(?:(.*?)\/\.\/)?(.*)$/s.exec(source) ?? [];
  return { pivot: cleanPath(`/${pivot}`).slice(1), text: cleanPath(`/${inner}`).slice(1) };
}

function underParents(source: string): Finder {
  const { pivot, text } = splitAtPivot(source);
  const pattern = compileDockerPattern(text);
  if (hasWildcards(pivot) || !pattern || pattern.isException) return () => "maybe";
  const root = below(pivot);
  return (changed) => {
    const found = root(changed);
    if (typeof found === "string") return found;
    const names = changed.names.slice(found.depth);
    if (names.some((_name, at) => pattern.automaton.matches(names.slice(0, at + 1).join("/")))) return found;
    return changed.isFolded || text.startsWith(`${names.join("/")}/`) ? "maybe" : "no";
  };
}

/** @throws MalformedPatternError */
function exclusion(excludes: readonly string[]): (changed: ChangedPath, depth: number) => Reach {
  const patterns = excludes.map(compileDockerPattern).filter((pattern) => pattern !== undefined);
  const matcher = dockerMatcher(
    patterns.map((pattern, at) => ({ rule: { pattern: pattern.text, line: at + 1 }, pattern })),
  );
  return (changed, depth) => reachOfRest(matcher, patterns, changed, depth);
}

function reachOfRest(
  matcher: IgnoreMatcher,
  patterns: readonly DockerPattern[],
  { names, isFolded }: ChangedPath,
  depth: number,
): Reach {
  const rest = names.slice(depth);
  if (rest.length === 0) return isFolded ? "maybe" : "yes";
  const isExcluded = rest.map(
    (_name, at) => ruleFor(matcher, rest.slice(0, at + 1).join("/"), isFolded || at + 1 < rest.length) !== undefined,
  );
  if (!isExcluded.at(-1)) return isFolded ? "maybe" : "yes";
  // A folder that only holds what is excluded is read itself: when the path is new or gone, so may be its folder.
  return isExcluded[0] && !patterns.some(({ isException }) => isException) ? "no" : "maybe";
}

function hasWildcards(source: string): boolean {
  return /[*?[]/.test(source.replace(/\\./gs, ""));
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
