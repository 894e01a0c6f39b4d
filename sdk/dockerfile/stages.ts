import { anyText, check } from "../arguments/index.ts";
import { readFrom, type StageOpening } from "./declarations.ts";
import { readDockerfile, type Instruction } from "./parse-dockerfile.ts";

/** A stage of a Dockerfile. */
export interface Stage extends StageOpening {
  /** Its FROM. */
  opening: Instruction;
  /** What follows, up to the next FROM. */
  instructions: Instruction[];
}

/** A Dockerfile that is whole. */
export interface DockerfileStages {
  /** The ARGs before the first FROM. */
  globals: Instruction[];
  stages: Stage[];
  /** Image of the frontend, as `# syntax=` names it. */
  frontend?: string;
}

const KEYWORDS = new Set(
  (
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER " +
    "VOLUME WORKDIR"
  ).split(" "),
);
/** Docker's own frontend. Others may give instructions another meaning. */
const OWN_FRONTEND = /^(?:docker\.io\/)?docker\/dockerfile(?:[:@]|$)/;
/**
 * @param image as `# syntax=` names it
 * @example
 * ```ts
 * isOwnFrontend("docker/dockerfile:1"); // true
 * ```
 */
export function isOwnFrontend(image: string): boolean {
  check("isOwnFrontend", { image: anyText }, { image });
  return OWN_FRONTEND.test(image);
}

/**
 * Whether Docker's own frontend knows the instruction.
 *
 * @param keyword in upper case
 * @example
 * ```ts
 * isKnownKeyword("HEALTHCHECK"); // true
 * ```
 */
export function isKnownKeyword(keyword: string): boolean {
  check("isKnownKeyword", { keyword: anyText }, { keyword });
  return KEYWORDS.has(keyword);
}

/** An image has 127 layers at most; nobody writes more than this by hand. */
const MAX_INSTRUCTIONS = 1000;

/**
 * The stages of a Dockerfile as BuildKit's own frontend reads it.
 *
 * @returns `undefined` when it is not one that is certain to be understood: an unknown instruction or frontend, the
 *   escape character of Windows, two stages of one name
 */
export function readStages(dockerfile: string): DockerfileStages | undefined {
  const { directives, instructions, refusal } = readDockerfile(dockerfile);
  const { escape, syntax } = directives;
  if (escape !== "\\" || refusal !== undefined) return undefined;
  if (syntax !== undefined && !isOwnFrontend(syntax.image)) return undefined;
  const file = stagesOf(instructions);
  return file && { ...file, ...(syntax !== undefined && { frontend: syntax.image }) };
}

/** The stages of instructions that were read apart; `undefined` as {@link readStages}. */
export function stagesOf(instructions: readonly Instruction[]): DockerfileStages | undefined {
  if (instructions.length > MAX_INSTRUCTIONS) return undefined;
  if (!instructions.every(({ keyword }) => isKnownKeyword(keyword))) return undefined;
  const globals: Instruction[] = [];
  const stages: Stage[] = [];
  for (const instruction of instructions) {
    const { keyword, argument } = instruction;
    if (keyword === "FROM") {
      const from = readFrom(argument);
      if (!from || stages.some(({ name }) => name !== undefined && name === from.name)) return undefined;
      stages.push({ ...from, opening: instruction, instructions: [] });
    } else if (stages.length > 0) stages.at(-1)!.instructions.push(instruction);
    else if (keyword === "ARG") globals.push(instruction);
    else return undefined;
  }
  return stages.length === 0 ? undefined : { globals, stages };
}

/** A stage by name, in either case, or by number from 0. @returns its number */
export function findStage(stages: readonly Stage[], name: string): number | undefined {
  const byName = stages.findIndex((stage) => stage.name === name.toLowerCase());
  if (byName >= 0) return byName;
  const number = /^\d+$/.test(name) ? Number(name) : -1;
  return number >= 0 && number < stages.length ? number : undefined;
}
