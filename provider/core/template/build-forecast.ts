import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { firstLostInstruction } from "../../../sdk/dockerfile/first-lost-instruction.ts";
import { firstLostStep } from "../../../sdk/template/first-lost-step.ts";
import type { Properties } from "../properties.ts";
import type { PropertyChange } from "../property-diff.ts";
import { formatPropertyPath } from "../property-path.ts";
import { hasUnknown, isRecord } from "../unknown.ts";
import { contextPath } from "./context-path.ts";
import { sourceKind } from "./source-kind.ts";
import { StepInput, toWireStep } from "./step-input.ts";

/** Files and inputs that a line names each; the rest is a number. */
const MOST_NAMED = 5;

/**
 * Says in a line why an update builds, and where the builder's cache ends: a reading of the files that are here, which asks
 * nobody, and is silent about what it is not sure of.
 *
 * @param changes of the diff
 * @param cwd folder of the program
 * @returns undefined when nothing is built because of an input
 */
export async function forecastBuild(
  {
    oldInputs,
    newInputs,
    changes,
  }: { oldInputs: Properties; newInputs: Properties; changes: readonly PropertyChange[] },
  cwd: string,
): Promise<string | undefined> {
  const reasons = describeReasons(changes);
  if (reasons === undefined) return undefined;
  const files = changes.filter(isFile).map(({ path }) => String(path[1]));
  const lost = await firstLost(oldInputs, newInputs, files, cwd);
  return lost === undefined ? reasons : `${reasons}${FROM}${lost}${ON}`;
}

/** What stands before and behind the place from which on the cache is lost. */
const FROM = "; from ";
const ON = " on, nothing comes from the cache";

/**
 * The first step or instruction that is built again, as a forecast of these changes names it: `line 3 (COPY . .)`,
 * `steps[1]`. Where the cache ends is learned from files, which only the run that makes the forecast has.
 *
 * @returns undefined when the text is no forecast of the changes, or names no place
 */
export function lostPlaceIn(forecast: string, changes: readonly PropertyChange[]): string | undefined {
  const reasons = describeReasons(changes);
  if (reasons === undefined) return undefined;
  // All before the place is known to the letter: no name of a file is taken for one.
  if (!forecast.startsWith(reasons + FROM) || !forecast.endsWith(ON)) return undefined;
  return forecast.slice(reasons.length + FROM.length, -ON.length);
}

/** The part of a forecast that follows from the changes alone; undefined when no input leads to a build. */
export function describeReasons(changes: readonly PropertyChange[]): string | undefined {
  const reasons = changes.filter(({ effect, isOutput }) => effect === "rebuild" && isOutput !== true);
  if (reasons.length === 0) return undefined;
  const files = reasons.filter(isFile);
  const inputs = reasons.filter(({ path: [key] }) => key !== "contextFiles" && key !== "contextHash");
  const named = [
    ...(files.length > 0 ? [`files ${list(files.map(({ path, kind }) => `${SIGNS[kind]} ${String(path[1])}`))}`] : []),
    ...(inputs.length > 0 ? [list(inputs.map(({ path }) => formatPropertyPath(path)))] : []),
  ];
  if (named.length === 0) named.push("contextHash");
  return `a new build, because of ${named.join(", and ")}`;
}

function isFile({ path, effect, isOutput }: PropertyChange): boolean {
  return path[0] === "contextFiles" && path.length === 2 && effect === "rebuild" && isOutput !== true;
}

const SIGNS = { add: "+", delete: "-", update: "~" } as const;

function list(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return names.slice(0, MOST_NAMED).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

async function firstLost(
  olds: Properties,
  news: Properties,
  paths: readonly string[],
  cwd: string,
): Promise<string | undefined> {
  const kind = sourceKind(news);
  if (kind !== sourceKind(olds) || news.skipCache === true) return undefined;
  if (kind !== "dockerfile") return lostStep(olds, news, paths);
  // What stands in the places of names is no line of the Dockerfile.
  if (!isDeepStrictEqual(olds.contexts ?? {}, news.contexts ?? {})) return undefined;
  const dockerfile = await dockerfileOf(news, cwd);
  const before = dockerfileOfState(olds, news, dockerfile, paths);
  const [buildArgs, previousArgs] = [argsOf(news), argsOf(olds)];
  if (dockerfile === undefined || before === undefined || buildArgs === undefined || previousArgs === undefined)
    return undefined;
  const target = textOf(news.target);
  const lost = firstLostInstruction(
    { dockerfile, buildArgs, ...(target !== undefined && { target }) },
    {
      paths,
      previous: {
        dockerfile: before,
        buildArgs: previousArgs,
        ...(textOf(olds.target) !== undefined && { target: textOf(olds.target)! }),
      },
    },
  );
  return lost === undefined ? undefined : `line ${lost.line} (${lost.text})`;
}

/** Of the Dockerfile of the last build only a digest is known, unless its text was an input. */
function dockerfileOfState(
  olds: Properties,
  news: Properties,
  now: string | undefined,
  paths: readonly string[],
): string | undefined {
  if (typeof olds.dockerfileContent === "string") return olds.dockerfileContent;
  const file = typeof news.dockerfile === "string" ? news.dockerfile : "Dockerfile";
  const isChanged = paths.some((path) => path === contextPath(file) || path.startsWith("(Dockerfile)"));
  return isChanged || olds.dockerfile !== news.dockerfile || news.dockerfileContent !== undefined ? undefined : now;
}

async function dockerfileOf(
  { context, dockerfile, dockerfileContent }: Properties,
  cwd: string,
): Promise<string | undefined> {
  if (typeof dockerfileContent === "string") return dockerfileContent;
  if (typeof context !== "string" || (dockerfile !== undefined && typeof dockerfile !== "string")) return undefined;
  try {
    return await readFile(resolve(cwd, context, dockerfile ?? "Dockerfile"), "utf8");
  } catch {
    // It was there when Check looked; what it says now is not worth an error.
    return undefined;
  }
}

function argsOf({ buildArgs = {} }: Properties): Record<string, string> | undefined {
  return isRecord(buildArgs) && !hasUnknown(buildArgs) ? (buildArgs as Record<string, string>) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function lostStep(olds: Properties, news: Properties, paths: readonly string[]): string | undefined {
  if (olds.image !== news.image || olds.fromTemplate !== news.fromTemplate || hasUnknown(news.steps)) return undefined;
  const [before, after] = [olds.steps, news.steps].map((steps) => StepInput.array().safeParse(steps ?? []).data);
  if (before === undefined || after === undefined) return undefined;
  const lost = firstLostStep(before.map(toWireStep), after.map(toWireStep), paths);
  return lost === undefined ? undefined : `steps[${lost.index}]`;
}
