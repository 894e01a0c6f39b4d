import { readFrom } from "./declarations.ts";
import { type Instruction, readDockerfile } from "./parse-dockerfile.ts";
import { isOwnFrontend } from "./stages.ts";
import { splitFlags } from "./words.ts";

/** Why a Dockerfile cannot be given the images of contexts. */
export interface NamedImageProblem {
  /** Name of the context. */
  context: string;
  reason: string;
}

/** What BuildKit takes for the name of a stage (frontend/dockerfile/instructions/parse.go). */
export const STAGE_NAME = /^[a-z][a-z0-9_.-]*$/;

/** How the docker command writes an image as a context. */
const IMAGE = "docker-image://";

/**
 * Writes images that a Dockerfile knows by name (`docker build --build-context name=docker-image://…`) into its text, each as a
 * stage in front of the first: any builder then knows them, in `COPY --from=name`, `RUN --mount=from=name` and `FROM name`.
 *
 * @param images by name, each `docker-image://…`
 * @returns the text, the same one when there are no images; or why it would not mean the same: a stage of the name, stages that
 *   are named by number, a frontend of somebody else
 */
export function withNamedImages(
  dockerfile: string,
  images: Readonly<Record<string, string>>,
): string | NamedImageProblem {
  const named = Object.entries(images).sort(([left], [right]) => (left < right ? -1 : 1));
  const [first] = named;
  if (first === undefined) return dockerfile;
  const { directives, instructions } = readDockerfile(dockerfile);
  const { syntax, escape } = directives;
  if (syntax !== undefined && !isOwnFrontend(syntax.image)) {
    return {
      context: first[0],
      reason: `The Dockerfile is read by ${syntax.image} (# syntax=), which may give FROM another meaning: name the images of contexts in the Dockerfile itself.`,
    };
  }
  const numbered = instructions.find((instruction) => namesByNumber(instruction, escape));
  if (numbered !== undefined) {
    return {
      context: first[0],
      reason: `Line ${numbered.line} of the Dockerfile names a stage by its number, which contexts would shift: name the stage (FROM … AS name).`,
    };
  }
  const opening = instructions.find(({ keyword }) => keyword === "FROM");
  // No builder takes such a Dockerfile; it says so better.
  if (opening === undefined) return dockerfile;
  const stages = instructions.flatMap(({ keyword, argument }) =>
    keyword === "FROM" ? (readFrom(argument, escape)?.name ?? []) : [],
  );
  const own = named.find(([name]) => stages.includes(name));
  if (own !== undefined) {
    return {
      context: own[0],
      reason: `The Dockerfile has a stage ${own[0]} of its own, and a context of this name would take its place: give one of them another name.`,
    };
  }
  const lines = dockerfile.split("\n");
  const added = named.map(([name, image]) => `FROM ${image.slice(IMAGE.length)} AS ${name}`);
  return [...lines.slice(0, opening.line - 1), ...added, ...lines.slice(opening.line - 1)].join("\n");
}

function namesByNumber({ keyword, argument }: Instruction, escape: string): boolean {
  const isNumber = (word: string | undefined) => word !== undefined && /^\d+$/.test(word);
  if (keyword === "FROM") return isNumber(readFrom(argument, escape)?.base);
  const { flags } = splitFlags(argument, escape);
  if (keyword === "COPY") return flags.some(({ name, value }) => name === "from" && isNumber(value));
  if (keyword !== "RUN") return false;
  return flags.some(({ name, value = "" }) => name === "mount" && /(?:^|,)"?from=\d+"?(?:,|$)/.test(value));
}
