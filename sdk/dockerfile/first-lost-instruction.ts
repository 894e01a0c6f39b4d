import { stepComparison, type CacheStep, type Likeness } from "./cache-step.ts";
import { readChangedPath, type ChangedPath, type Reach } from "./context-source.ts";
import { evaluateBuild, type DockerfileBuild, type EvaluatedBuild } from "./evaluate-build.ts";

/** What is different since the build whose steps are in the cache. */
export interface BuildChange {
  /**
   * Paths of the context whose files were added, removed or changed: relative to it, with `/`, as the builder is sent
   * them. One with a slash at its end says that something below that folder has changed. What the ignore file keeps
   * back is not among them; the Dockerfile is, when `COPY .` would find it. @default none
   */
  paths?: Iterable<string>;
  /**
   * What the earlier build was given, where that is something else. Of a Dockerfile that has changed give the old text:
   * without it, the text counts as the same. `buildArgs: undefined` and `target: undefined` = it was given none.
   * @default nothing else
   */
  previous?: Partial<DockerfileBuild>;
}

/** Why a step is built again. */
export type LossReason =
  /** It reads a path that has changed. */
  | { kind: "file"; path: string }
  /** It uses a build argument whose value has changed, or stands behind its ARG. */
  | { kind: "arg"; name: string }
  /** The Dockerfile has changed: here, or where something is set or made that the step builds upon. */
  | { kind: "dockerfile" };

/** The first instruction that the builder does not find in its cache. */
export interface LostInstruction {
  /** Line that it starts on, from 1. */
  line: number;
  /** Its first line, 80 characters at most. */
  text: string;
  reason: LossReason;
}

const MAX_TEXT = 80;

/** These reach into the builder itself. */
const BUILDER_SETTING = /^(?:BUILDKIT_\w*|SOURCE_DATE_EPOCH)$/;

/**
 * Where a build stops coming from the builder's cache: the first step, in the order of the file, among those that the
 * target needs. Everything that depends on it is built again as well.
 *
 * It is a reading of the text alone. It asks nobody, and takes for granted that the cache holds the earlier build and
 * nothing older, and that nothing has changed elsewhere: the images, URLs and Git repositories that the file names are
 * what they were, the images have no triggers (ONBUILD), and no link of the context leads to a path that has changed.
 *
 * Steps are those of BuildKit: RUN, COPY, ADD and WORKDIR, and a changed variable is seen by the first RUN behind it. The
 * classic builder makes a step of every instruction, and builds stages that the target does not need: there the loss may
 * come earlier.
 *
 * @returns `undefined` when no step is lost, and whenever that cannot be told for certain
 * @example
 * ```ts
 * firstLostInstruction(
 *   { dockerfile: "FROM node\nCOPY package.json .\nRUN npm install\nCOPY . .\n" },
 *   { paths: ["src/index.js"] },
 * ); // { line: 4, text: "COPY . .", reason: { kind: "file", path: "src/index.js" } }
 * ```
 */
export function firstLostInstruction(build: DockerfileBuild, change: BuildChange): LostInstruction | undefined {
  const before = { ...build, ...change.previous, dockerfile: change.previous?.dockerfile ?? build.dockerfile };
  if (!isComparable(before, build)) return undefined;
  const steps = evaluateBuild(before, "before");
  const wanted = evaluateBuild(build, "now");
  if (!steps || !wanted || steps.frontend !== wanted.frontend) return undefined;
  const lost = findLoss(steps, wanted, [...(change.paths ?? [])].map(readChangedPath));
  if (!lost) return undefined;
  const { line } = lost.step.instruction;
  return {
    line,
    text: firstLine(build.dockerfile, line),
    reason: lost.path === undefined ? reasonOf(line, steps, { before, now: build }) : { kind: "file", path: lost.path },
  };
}

function isComparable(before: DockerfileBuild, now: DockerfileBuild): boolean {
  const asksFrontend = [before, now].some(({ buildArgs = {} }) => Object.hasOwn(buildArgs, "BUILDKIT_SYNTAX"));
  return !asksFrontend && !changedArgs(before, now).some((name) => BUILDER_SETTING.test(name));
}

/** Names of the arguments that are not certain to be what they were. */
function changedArgs({ buildArgs: before = {} }: DockerfileBuild, { buildArgs: now = {} }: DockerfileBuild): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  const value = (args: typeof now, name: string) => (Object.hasOwn(args, name) ? (args[name] ?? {}) : undefined);
  return [...names].filter((name) => value(before, name) !== value(now, name));
}

interface Loss {
  step: CacheStep;
  /** The path that it reads. */
  path?: string;
}

function findLoss(before: EvaluatedBuild, now: EvaluatedBuild, changed: readonly ChangedPath[]): Loss | undefined {
  const compare = stepComparison();
  const likeness = (step: CacheStep, others: readonly CacheStep[]) => closest(others.map((one) => compare(step, one)));
  for (const [index, step] of now.steps.entries()) {
    if (step.isUnclear) return undefined;
    const there = before.steps[index];
    const isKept = (there && compare(step, there) === "same") || likeness(step, before.steps) === "same";
    if (!isKept) {
      // One that the earlier build did not need may be in the cache from a build before it.
      const isCertain = likeness(step, [...before.steps, ...before.others]) === "different";
      return isCertain ? { step } : undefined;
    }
    const { reach, path } = reachOf(step, changed);
    if (reach !== "no") return reach === "yes" ? { step, path } : undefined;
  }
  return undefined;
}

function closest(all: readonly Likeness[]): Likeness {
  if (all.includes("same")) return "same";
  return all.includes("unsure") ? "unsure" : "different";
}

function reachOf({ sources }: CacheStep, changed: readonly ChangedPath[]): { reach: Reach; path?: string } {
  let isPossible = false;
  for (const path of changed) {
    for (const source of sources) {
      const reach = source.reach(path);
      if (reach === "yes") return { reach, path: path.text };
      isPossible ||= reach === "maybe";
    }
  }
  return { reach: isPossible ? "maybe" : "no" };
}

/** What a step that is not like before is lost by: the first change that is enough by itself. */
function reasonOf(
  line: number,
  steps: EvaluatedBuild,
  { before, now }: { before: DockerfileBuild; now: DockerfileBuild },
): LossReason {
  const isLostBy = (buildArgs: DockerfileBuild["buildArgs"]) => {
    const build = evaluateBuild({ ...now, buildArgs: buildArgs ?? {} }, "now");
    return build !== undefined && findLoss(steps, build, [])?.step.instruction.line === line;
  };
  const names = changedArgs(before, now);
  const isSameText = before.dockerfile === now.dockerfile;
  if (!isSameText && (names.length === 0 || isLostBy(before.buildArgs))) return { kind: "dockerfile" };
  const name = names.find((one) => isLostBy(withArg(before.buildArgs, one, now.buildArgs))) ?? names[0];
  return name === undefined ? { kind: "dockerfile" } : { kind: "arg", name };
}

function withArg(
  args: DockerfileBuild["buildArgs"] = {},
  name: string,
  from: DockerfileBuild["buildArgs"] = {},
): DockerfileBuild["buildArgs"] {
  const { [name]: _replaced, ...rest } = args;
  return Object.hasOwn(from, name) ? { ...rest, [name]: from[name] } : rest;
}

function firstLine(dockerfile: string, line: number): string {
  const text = (dockerfile.split(/\r?\n/)[line - 1] ?? "").replace(/^\uFEFF/, "").trim();
  const characters = Array.from(text);
  return characters.length <= MAX_TEXT ? text : `${characters.slice(0, MAX_TEXT - 1).join("")}…`;
}
