import type { CacheStep } from "./cache-step.ts";
import { argValue, readArg } from "./declarations.ts";
import { evaluateInstruction, type EvaluatedStage } from "./evaluate-instruction.ts";
import { expandWord, UNTOLD, type Variables } from "./expand-word.ts";
import { stateOnImage, stateOnNothing, stateOnStage, untold } from "./stage-state.ts";
import { findStage, readStages, type DockerfileStages, type Stage } from "./stages.ts";
import { unreadable, UnreadableDockerfile } from "./unreadable.ts";

/** A build of a Dockerfile. */
export interface DockerfileBuild {
  /** Text of the Dockerfile. */
  dockerfile: string;
  /** Values given for `ARG`s; `undefined` = one is given, and it is not known yet. @default none */
  buildArgs?: Readonly<Record<string, string | undefined>>;
  /** Stage to build, by name or number. @default the last one */
  target?: string;
}

/** The steps that a builder would take. */
export interface EvaluatedBuild {
  /** Steps that the target needs, in the order of the file. */
  steps: readonly CacheStep[];
  /** Steps that it does not need. */
  others: readonly CacheStep[];
  /** Image of the frontend that the Dockerfile asks for. */
  frontend: string | undefined;
}

/** What the builder itself says about platforms, and it says so before the first FROM. */
const BUILDER_ARG = /^(?:(?:BUILD|TARGET)(?:PLATFORM|OS|OSVERSION|ARCH|VARIANT)|TARGETSTAGE)$/;

/**
 * Follows a Dockerfile as BuildKit's frontend does, as far as its text tells.
 *
 * @param side makes values that are not known yet differ between two builds
 * @returns `undefined` when the Dockerfile or its target is not certain to be understood
 * @see https://github.com/moby/buildkit/blob/v0.34.2/frontend/dockerfile/dockerfile2llb/convert.go
 */
export function evaluateBuild(build: DockerfileBuild, side: string): EvaluatedBuild | undefined {
  const file = readStages(build.dockerfile);
  if (!file) return undefined;
  const target = build.target === undefined ? file.stages.length - 1 : findStage(file.stages, build.target);
  if (target === undefined) return undefined;
  try {
    return evaluateStages(file, target, givenArgs(build, side));
  } catch (error) {
    if (error instanceof UnreadableDockerfile) return undefined;
    throw error;
  }
}

function givenArgs({ buildArgs = {} }: DockerfileBuild, side: string): ReadonlyMap<string, string> {
  return new Map(Object.entries(buildArgs).map(([name, value]) => [name, value ?? untold(`${name} ${side}`)]));
}

function evaluateStages(file: DockerfileStages, target: number, given: ReadonlyMap<string, string>): EvaluatedBuild {
  const declared = new Map<string, string>();
  const globals: Variables = {
    get: (name) => declared.get(name) ?? (BUILDER_ARG.test(name) ? untold(name) : undefined),
    untold,
  };
  const declare = (argument: string, variables: Variables, set: (name: string, value: string) => void) => {
    for (const declaration of readArg(argument) ?? unreadable()) {
      const { name } = declaration;
      const value = argValue(declaration, { given: given.get(name), inherited: globals.get(name), variables });
      if (value !== undefined) set(name, value);
      else if (declaration.value !== undefined) unreadable();
    }
  };
  for (const { argument } of file.globals) declare(argument, globals, (name, value) => declared.set(name, value));

  const stages: EvaluatedStage[] = [];
  for (const stage of file.stages) {
    const evaluated = openStage(stage, { file, stages, globals });
    stages.push(evaluated);
    const scope = { file, stages, declare };
    for (const instruction of stage.instructions) evaluateInstruction(instruction, evaluated, scope);
  }
  const needed = new Set([target]);
  // What is added on the way is visited too.
  for (const number of needed) for (const other of stages[number]!.needs) needed.add(other);
  const stepsOf = (isWanted: boolean) =>
    stages.filter((_stage, number) => needed.has(number) === isWanted).flatMap(({ steps }) => steps);
  return { steps: stepsOf(true), others: stepsOf(false), frontend: file.frontend };
}

function openStage(
  { base, flags, opening }: Stage,
  { file, stages, globals }: { file: DockerfileStages; stages: readonly EvaluatedStage[]; globals: Variables },
): EvaluatedStage {
  const expand = (text: string) => expandWord(text, globals) ?? unreadable();
  const image = expand(base);
  const common = { steps: [] as CacheStep[], needs: new Set<number>(), hasTriggers: false };
  if (image === "scratch") return { ...common, state: stateOnNothing() };
  // A stage above; its number is no name here.
  const number = /^\d+$/.test(image) ? undefined : findStage(file.stages, image);
  const below = number === undefined ? undefined : stages[number];
  const step: CacheStep = {
    instruction: opening,
    parent: undefined,
    facts: new Map(),
    // Two names may be of one image.
    names: new Map([["image", image], ...flags.map(({ name, value = "" }): [string, string] => [name, expand(value)])]),
    stages: [],
    sources: [],
    isUnclear: image.includes(UNTOLD) || flags.some(({ name }) => name !== "platform") || below?.hasTriggers === true,
  };
  if (number === undefined || !below) return { ...common, steps: [step], state: stateOnImage(step) };
  // With triggers (ONBUILD) the stage begins with steps of its own.
  return {
    ...common,
    steps: step.isUnclear ? [step] : [],
    needs: new Set([number]),
    state: stateOnStage(below.state),
  };
}
