import { anyText, check, recordOf } from "../arguments/index.ts";
import { isRemoteSource, sourceWords } from "./copy-step.ts";
import { expandWord, UNTOLD, type Variables } from "./expand-word.ts";
import { readHeredocOpening } from "./heredoc.ts";
import { readDockerfile, type Instruction } from "./parse-dockerfile.ts";
import { readMount } from "./run-step.ts";
import { findStage, isKnownKeyword, readStages, stagesOf, type DockerfileStages, type Stage } from "./stages.ts";
import { splitFlags } from "./words.ts";

/** Of a variable nothing is known here. */
const NO_VARIABLES: Variables = { get: () => UNTOLD, untold: () => UNTOLD };
/** Mounts whose content is no part of the Dockerfile or of the context. */
const FOREIGN_TYPES = new Set(["secret", "ssh"]);
/** Names another frontend, which may fetch and do anything. */
const FRONTEND_ARG = "BUILDKIT_SYNTAX";

const BUILD_ARGS = recordOf(anyText, "texts");

/**
 * Images that a Dockerfile stands on, for one of which everything else is in its text and its context: whoever has the
 * same text, context, arguments and images gets the same image from the builder's cache.
 *
 * Builders from before here-documents read a body as instructions. Where that makes a Dockerfile too, it has to be stable
 * in both readings.
 *
 * @param buildArgs values given for `ARG`s
 * @returns `undefined` when that is not so, or cannot be told from the text: something is fetched, mounted or left to a
 *   variable, or it is not certain how a builder reads the text
 * @example
 * ```ts
 * stableImages("FROM node:24\nCOPY . /app\nRUN npm ci\n"); // ["node:24"]
 * ```
 */
export function stableImages(
  dockerfile: string,
  buildArgs: Readonly<Record<string, string>> = {},
): string[] | undefined {
  check("stableImages", { dockerfile: anyText, buildArgs: BUILD_ARGS }, { dockerfile, buildArgs });
  if (Object.hasOwn(buildArgs, FRONTEND_ARG)) return undefined;
  const images = imagesOf(readStages(dockerfile));
  if (images === undefined || !hasHeredocs(dockerfile)) return images;
  const { instructions } = readDockerfile(dockerfile, { hasHeredocs: false });
  if (!instructions.every(({ keyword }) => isKnownKeyword(keyword))) return images;
  const others = imagesOf(stagesOf(instructions));
  return others && [...new Set([...images, ...others])];
}

function hasHeredocs(dockerfile: string): boolean {
  return readDockerfile(dockerfile).instructions.some(({ heredocs }) => heredocs.length > 0);
}

function imagesOf(file: DockerfileStages | undefined): string[] | undefined {
  if (file === undefined || file.frontend !== undefined) return undefined;
  const images = new Set<string>();
  for (const [number, stage] of file.stages.entries()) {
    const above = file.stages.slice(0, number);
    const base = expandWord(stage.base, NO_VARIABLES);
    if (base === undefined || base.includes(UNTOLD) || stage.flags.length > 0) return undefined;
    // A stage above, by its name; its number is no name here.
    const below = above.findLast(({ name }) => name === base.toLowerCase());
    if (below === undefined && base !== "scratch") images.add(base);
    if (below !== undefined && hasTriggers(below, above)) return undefined;
    if (!stage.instructions.every((one) => isStable(one, above))) return undefined;
  }
  return [...images];
}

/** Whether stages on top of it begin with instructions of ONBUILD. */
function hasTriggers(stage: Stage, above: readonly Stage[]): boolean {
  if (stage.instructions.some(({ keyword }) => keyword === "ONBUILD")) return true;
  const below = above.find(({ name }) => name === stage.base.toLowerCase());
  return below !== undefined && below !== stage && hasTriggers(below, above.slice(0, above.indexOf(stage)));
}

function isStable(instruction: Instruction, above: readonly Stage[]): boolean {
  const { keyword, argument } = instruction;
  const { flags } = splitFlags(argument);
  const isAbove = (name: string) => !name.includes("$") && findStage(above, name) !== undefined;
  if (keyword === "ADD") return sourceWords(argument).every(isLocal);
  if (keyword === "COPY") return flags.every(({ name, value = "" }) => name !== "from" || isAbove(value));
  if (keyword !== "RUN") return true;
  return flags.every(({ name, value = "" }) => {
    if (name !== "mount") return true;
    const fields = readMount(value, NO_VARIABLES);
    const type = fields?.get("type")?.toLowerCase() ?? "bind";
    if (!fields || type.includes(UNTOLD) || FOREIGN_TYPES.has(type)) return false;
    const from = fields.get("from") ?? "";
    return from === "" || isAbove(from);
  });
}

/** Whether a source of ADD comes from the context, or from the Dockerfile itself. */
function isLocal({ word, isJson }: { word: string; isJson: boolean }): boolean {
  if (!isJson && readHeredocOpening(word)) return true;
  const source = expandWord(word, NO_VARIABLES);
  return source !== undefined && !source.includes(UNTOLD) && !isRemoteSource(source);
}
