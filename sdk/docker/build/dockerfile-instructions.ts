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
}

const HEREDOC = /<<-?\s*(["']?)([A-Za-z_][A-Za-z0-9_]*)\1/g;
const DIRECTIVE = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$/;

/**
 * Finds where each instruction of a Dockerfile starts (Dockerfile reference: line continuation, comments between
 * continued lines, `escape` directive, here-documents). It does not judge: what does not parse is passed over.
 */
export function listInstructions(dockerfile: string): DockerfileInstruction[] {
  const lines = dockerfile.replace(/^\uFEFF/, "").split(/\r?\n/);
  const escape = findEscape(lines);
  const instructions: DockerfileInstruction[] = [];
  let stage = -1;
  let stageName: string | undefined;
  for (let i = 0; i < lines.length; i++) {
    const first = lines[i]?.trim() ?? "";
    if (first === "" || first.startsWith("#")) continue;
    const line = i + 1;
    let text = "";
    for (; i < lines.length; i++) {
      const part = lines[i]?.trimEnd() ?? "";
      // Comments and empty lines inside a continued instruction do not end it.
      if (text !== "" && (part.trim() === "" || part.trimStart().startsWith("#"))) continue;
      const isContinued = part.endsWith(escape);
      text += isContinued ? `${part.slice(0, -1)} ` : part;
      if (!isContinued) break;
    }
    const keyword = /^\s*([A-Za-z]+)/.exec(text)?.[1]?.toUpperCase();
    if (keyword === undefined) continue;
    if (keyword === "FROM") {
      stage++;
      stageName = /\sAS\s+(\S+)\s*$/i.exec(text)?.[1]?.toLowerCase();
    }
    const base = keyword === "FROM" ? /^\s*FROM\s+(?:--\S+\s+)*(\S+)/i.exec(text)?.[1] : undefined;
    if (["RUN", "COPY", "ADD"].includes(keyword)) i = skipHeredocs(lines, i, text);
    instructions.push({
      line,
      keyword,
      stage,
      ...(stageName === undefined ? {} : { stageName }),
      ...(base === undefined ? {} : { base }),
    });
  }
  return instructions;
}

/** Instructions that BuildKit counts as steps of a stage, beside a FROM that names an image. */
const COUNTED = new Set(["RUN", "COPY", "ADD", "WORKDIR"]);

/**
 * The line of the step that a builder names, or `undefined` when that cannot be told.
 *
 * @param step as in BuildStep.name: `[2/4] RUN …` of the classic builder counts every instruction of the file,
 *   `[1/2 2/4] RUN …` of Buildah every one of a stage, `[stage 2/4] RUN …` of BuildKit those of one that make a layer
 */
export function lineOfStep(dockerfile: string, step: string, builder: "classic" | "buildkit"): number | undefined {
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
function isCounted({ keyword, base, stage }: DockerfileInstruction, all: readonly DockerfileInstruction[]): boolean {
  if (keyword !== "FROM") return COUNTED.has(keyword);
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

function findEscape(lines: readonly string[]): string {
  for (const line of lines) {
    const directive = DIRECTIVE.exec(line.trim());
    if (!directive) break;
    if (directive[1]?.toLowerCase() === "escape") return directive[2] ?? "\\";
  }
  return "\\";
}

function skipHeredocs(lines: readonly string[], last: number, text: string): number {
  let i = last;
  for (const [, , word] of text.matchAll(HEREDOC)) {
    while (i + 1 < lines.length && lines[i + 1]?.replace(/^\t+/, "") !== word) i++;
    i++;
  }
  return i;
}
