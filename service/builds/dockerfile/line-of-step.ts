import { parseDockerfile } from "./parse-dockerfile.ts";

/** Instructions that BuildKit counts within a stage, FROM being the first. */
const COUNTED = new Set(["FROM", "RUN", "COPY", "ADD", "WORKDIR"]);

/** `[2/4] RUN make`, `[build 2/4] RUN make`, `[stage-1 2/4] RUN make`. */
const STEP = /^\[(?:(\S+) )?(\d+)\/\d+\] ([A-Za-z]+)/;

/** Line of the Dockerfile on which a step of BuildKit's report starts; `undefined` when that cannot be told. */
export function lineOfStep(dockerfile: string, step: string | undefined): number | undefined {
  const [, stage, number, keyword] = STEP.exec(step ?? "") ?? [];
  if (number === undefined) return undefined;
  const stages = stagesOf(dockerfile);
  // A file of one stage has no prefix; a stage without a name is called by its position.
  const found =
    stage === undefined ? stages : stages.filter(({ name, index }) => stage === name || stage === `stage-${index}`);
  const instruction = found.at(-1)?.counted[Number(number) - 1];
  // The keyword must agree: a wrong line misleads more than none.
  return instruction?.keyword === keyword?.toUpperCase() ? instruction?.line : undefined;
}

interface Stage {
  index: number;
  name: string | undefined;
  counted: { line: number; keyword: string }[];
}

function stagesOf(dockerfile: string): Stage[] {
  const stages: Stage[] = [];
  for (const { keyword, argument, line } of parseDockerfile(dockerfile)) {
    if (keyword === "FROM") {
      stages.push({ index: stages.length, name: /\sAS\s+(\S+)\s*$/i.exec(argument)?.[1]?.toLowerCase(), counted: [] });
    }
    if (COUNTED.has(keyword)) stages.at(-1)?.counted.push({ line, keyword });
  }
  return stages;
}
