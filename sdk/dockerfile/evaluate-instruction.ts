import type { CacheStep } from "./cache-step.ts";
import { readCopy } from "./copy-step.ts";
import { readEnv } from "./declarations.ts";
import { expandWord, type Variables } from "./expand-word.ts";
import type { Instruction } from "./parse-dockerfile.ts";
import { readRun } from "./run-step.ts";
import { resolvePath, setVariable, untold, variablesOf, type StageState } from "./stage-state.ts";
import { findStage, type DockerfileStages } from "./stages.ts";
import { unreadable } from "./unreadable.ts";
import { readJsonWords } from "./words.ts";

/** A stage whose instructions are being followed. */
export interface EvaluatedStage {
  state: StageState;
  steps: CacheStep[];
  /** Numbers of the stages that it needs. */
  needs: Set<number>;
  /** It holds ONBUILD, which stages on top of it begin with. */
  hasTriggers: boolean;
}

/** What an instruction sees beside its stage. */
export interface EvaluationScope {
  file: DockerfileStages;
  /** The stages so far, the instruction's own included. */
  stages: readonly EvaluatedStage[];
  /** Gives the values of an ARG. */
  declare(argument: string, variables: Variables, set: (name: string, value: string) => void): void;
}

/** Follows one instruction: what it sets, and the step that it makes. @throws UnreadableDockerfile */
export function evaluateInstruction(instruction: Instruction, stage: EvaluatedStage, scope: EvaluationScope): void {
  const { state } = stage;
  const { keyword, argument } = instruction;
  const variables = variablesOf(state);
  switch (keyword) {
    case "ARG":
      scope.declare(argument, variables, (name, value) => setVariable(state, name, value));
      return;
    case "ENV": {
      const declarations = readEnv(argument) ?? unreadable();
      // All of them see the variables from before the instruction.
      const values = declarations.map(({ value = "" }) => expandWord(value, variables) ?? unreadable());
      for (const [index, { name }] of declarations.entries()) setVariable(state, name, values[index]!);
      return;
    }
    case "USER":
      state.user = expandWord(argument.trim(), variables) ?? unreadable();
      return;
    case "SHELL":
      state.shell = JSON.stringify(readJsonWords(argument.trim()) ?? unreadable());
      return;
    case "ONBUILD":
      stage.hasTriggers = true;
      return;
    case "WORKDIR":
      addWorkdir(stage, instruction, variables);
      return;
    case "RUN":
      addRun(stage, instruction, { variables, scope });
      return;
    case "COPY":
    case "ADD":
      addCopy(stage, instruction, { variables, scope });
      return;
    default:
    // The others describe the image that comes out, and are no steps.
  }
}

function addWorkdir(stage: EvaluatedStage, instruction: Instruction, variables: Variables): void {
  const { state } = stage;
  state.cwd = resolvePath(state.cwd, expandWord(instruction.argument.trim(), variables) ?? unreadable());
  // The root is there already: the builder makes nothing.
  if (state.cwd === "/") return;
  const facts: [string, string][] = [
    ["cwd", state.cwd],
    ["user", state.user],
  ];
  addStep(stage, instruction, { facts });
}

interface Seen {
  variables: Variables;
  scope: EvaluationScope;
}

function addRun(stage: EvaluatedStage, instruction: Instruction, { variables, scope }: Seen): void {
  const run = readRun(instruction, variables);
  const { env, cwd, user, shell } = stage.state;
  const others = run?.from.map((name) => takeFrom(name, stage, scope)) ?? [];
  addStep(stage, instruction, {
    facts: [
      // A command with brackets may be what the shell of one without is called with.
      ["command", run?.usesShell === false ? run.command : untold("command")],
      ["shell command", run?.usesShell ? run.command : untold("command")],
      ["shell", run?.usesShell ? shell : untold("shell")],
      ["cwd", cwd],
      ["user", user],
      ["order of variables", [...env.keys()].join(" ")],
      ...[...env].map(([name, value]): [string, string] => [`$${name}`, value]),
    ],
    names: [["flags", run?.flags ?? ""]],
    stages: others.flatMap((other) => (typeof other === "object" ? [other.last] : [])),
    sources: run?.sources ?? [],
    isUnclear: run === undefined || others.includes("unclear"),
  });
}

function addCopy(stage: EvaluatedStage, instruction: Instruction, { variables, scope }: Seen): void {
  const copy = readCopy(instruction, variables, stage.state.cwd);
  const other = copy?.from === undefined ? "image" : takeFrom(copy.from, stage, scope);
  addStep(stage, instruction, {
    facts: [...(copy?.facts ?? [])],
    names: [...(copy?.names ?? [])],
    stages: typeof other === "object" ? [other.last] : [],
    sources: copy?.sources ?? [],
    isLinked: copy?.isLinked ?? false,
    isUnclear: copy === undefined || other === "unclear",
  });
}

/** The stage that files are taken from, by its last step; an image; or neither for certain. */
function takeFrom(
  name: string,
  stage: EvaluatedStage,
  { file, stages }: EvaluationScope,
): { last: CacheStep | undefined } | "image" | "unclear" {
  if (name.includes("$")) return "unclear";
  const number = findStage(file.stages, name);
  if (number === undefined) return "image";
  const other = stages[number];
  if (!other || other === stage) return "unclear";
  stage.needs.add(number);
  return { last: other.state.last };
}

function addStep(
  stage: EvaluatedStage,
  instruction: Instruction,
  {
    facts,
    names = [],
    stages = [],
    sources = [],
    isLinked = false,
    isUnclear = false,
  }: {
    facts: [string, string][];
    names?: [string, string][];
    stages?: CacheStep["stages"];
    sources?: CacheStep["sources"];
    isLinked?: boolean;
    isUnclear?: boolean;
  },
): void {
  const step: CacheStep = {
    instruction,
    parent: stage.state.last,
    isLinked,
    facts: new Map(facts),
    names: new Map(names),
    stages,
    sources,
    isUnclear,
  };
  stage.steps.push(step);
  stage.state.last = step;
}
