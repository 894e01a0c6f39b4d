import { anyText, oneOf } from "../../arguments/index.ts";
import { check } from "../argument-rules.ts";
import { readFrom } from "../../dockerfile/declarations.ts";
import { readDockerfile } from "../../dockerfile/parse-dockerfile.ts";

/** One instruction of a Dockerfile. */
export interface DockerfileInstruction {
  /** Line that it starts on, from 1. */
  line: number;
  /** `FROM`, `RUN`, …, in upper case. */
  keyword: string;
  /** The stage it belongs to, from 0; -1 before the first FROM. */
  stage: number;
  /** Name that `FROM … AS name` gives that stage, in lower case. */
  stageName?: string;
  /** Of a FROM: the image or stage that it starts from, as it is written. */
  base?: string;
  /** It goes to the root, which is always there: BuildKit does nothing for it, and gives it no number. */
  isRoot?: true;
}

/**
 * Finds where each instruction of a Dockerfile starts, and the stage that it belongs to. It does not judge: what does not
 * parse is passed over.
 */
export function listInstructions(dockerfile: string): DockerfileInstruction[] {
  let stage = -1;
  let stageName: string | undefined;
  const { instructions, directives } = readDockerfile(dockerfile);
  return instructions
    .filter(({ keyword }) => /^[A-Z]+$/.test(keyword))
    .map(({ line, keyword, argument }) => {
      const from = keyword === "FROM" ? readFrom(argument, directives.escape) : undefined;
      if (keyword === "FROM") {
        stage++;
        stageName = from?.name;
      }
      const base = from?.base;
      return {
        line,
        keyword,
        stage,
        ...(stageName === undefined ? {} : { stageName }),
        ...(base === undefined ? {} : { base }),
        ...(keyword === "WORKDIR" && argument.trim() === "/" ? { isRoot: true as const } : {}),
      };
    });
}

/** Instructions that BuildKit counts as steps of a stage, beside a FROM that names an image. */
const COUNTED = new Set(["RUN", "COPY", "ADD", "WORKDIR"]);

const BUILDER = oneOf("classic", "buildkit");

/**
 * The line of the step that a builder names, or `undefined` when that cannot be told.
 *
 * @param step as in BuildStep.name: `[2/4] RUN …` of the classic builder counts every instruction of the file,
 *   `[1/2 2/4] RUN …` of Buildah every one of a stage, `[stage 2/4] RUN …` of BuildKit those of one that make a layer
 * @example
 * ```ts
 * lineOfStep("FROM busybox\nRUN make\nRUN make install\n", "[3/3] RUN make install", "classic"); // 3
 * ```
 */
export function lineOfStep(dockerfile: string, step: string, builder: "classic" | "buildkit"): number | undefined {
  check("lineOfStep", { dockerfile: anyText, step: anyText, builder: BUILDER }, { dockerfile, step, builder });
  const parts = /^\[(?:([^\]]*)\s)?(\d+)(?:\/\d+)?\] ([A-Za-z]+)/.exec(step);
  if (!parts) return undefined;
  const [, prefix, number, keyword] = parts;
  const instructions = listInstructions(dockerfile);
  const counted =
    builder === "classic"
      ? instructions.filter(({ stage }) => prefix === undefined || stage === Number.parseInt(prefix, 10) - 1)
      : instructions.filter((one) => isCounted(one, instructions) && isInStage(one, prefix, instructions));
  const found = counted[Number(number) - 1];
  // The keyword must agree: a wrong line misleads more than none.
  return found?.keyword === keyword?.toUpperCase() ? found?.line : undefined;
}

/** A FROM counts when there is something to fetch: not for an earlier stage, nor for `scratch`. */
function isCounted(instruction: DockerfileInstruction, all: readonly DockerfileInstruction[]): boolean {
  const { keyword, base, stage, isRoot } = instruction;
  if (keyword !== "FROM") return COUNTED.has(keyword) && !isRoot;
  return base !== "scratch" && !all.some((one) => one.stage < stage && one.stageName === base?.toLowerCase());
}

function isInStage(
  { stage, stageName }: DockerfileInstruction,
  prefix: string | undefined,
  all: readonly DockerfileInstruction[],
): boolean {
  // With several platforms the prefix is `linux/arm64 name`.
  const name = prefix?.split(" ").findLast((part) => part !== "" && !/^\w+\/\w+/.test(part));
  if (name !== undefined) return stageName === name.toLowerCase() || name === `stage-${stage}`;
  // BuildKit leaves the name out when the file has one stage.
  return all.every((one) => one.stage <= 0) && stage === 0;
}
