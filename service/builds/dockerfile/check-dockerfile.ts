import { parseDockerfile, type Instruction } from "pulumi-nullspace/docker";

const KEYWORDS = new Set(
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  ),
);

/** Instructions that shape an image but not a machine: a machine starts `start_cmd`, behind no published port. */
const WITHOUT_EFFECT = new Set(["CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "VOLUME", "ONBUILD"]);

/** A Dockerfile with what was found wrong in it. */
export interface CheckedDockerfile {
  instructions: Instruction[];
  /** Reasons why no builder would take it, each with its line. */
  problems: string[];
  /** Instructions that machines do not see. */
  ignored: { instruction: string; line: number }[];
  /** Names of its ARGs. */
  args: ReadonlySet<string>;
  /** Image that the stage to build goes back to, as written. */
  finalBase: string | undefined;
}

/**
 * Finds what every builder would refuse, so that the caller hears of it before anything is queued. What only the
 * builder can know (a missing image, a bad flag) is left to it.
 *
 * @param target stage that is to be built
 */
export function checkDockerfile(text: string, target?: string): CheckedDockerfile {
  const instructions = parseDockerfile(text);
  const problems: string[] = [];
  // Stage by name and by number: the image that it goes back to.
  const stages = new Map<string, string>();
  let count = 0;
  // Another syntax (`# syntax=`) may know more instructions than we do.
  const ownSyntax = /^#\s*syntax\s*=/im.test(text);
  for (const { line, keyword, argument } of instructions) {
    if (!KEYWORDS.has(keyword) && !ownSyntax) problems.push(`line ${line}: there is no instruction ${keyword}`);
    if (keyword === "FROM") {
      const words = argument.split(/\s+/).filter((word) => word !== "" && !word.startsWith("--"));
      const [base, as, name] = words;
      if (base === undefined) problems.push(`line ${line}: FROM names no image`);
      const root = stages.get(base?.toLowerCase() ?? "") ?? base ?? "";
      if (as?.toUpperCase() === "AS" && name !== undefined) stages.set(name.toLowerCase(), root);
      stages.set(String(count++), root);
    } else if (count === 0 && keyword !== "ARG" && KEYWORDS.has(keyword)) {
      problems.push(`line ${line}: ${keyword} stands before the first FROM`);
    }
  }
  if (count === 0 && problems.length === 0) problems.push("there is no FROM in it");
  if (target !== undefined && !stages.has(target.toLowerCase()))
    problems.push(`there is no stage "${target}" to build`);
  const ignored = instructions
    .filter(({ keyword }) => WITHOUT_EFFECT.has(keyword))
    .map(({ keyword, line }) => ({ instruction: keyword, line }));
  const finalBase = stages.get(target?.toLowerCase() ?? String(count - 1));
  const args = new Set(
    instructions
      .filter(({ keyword }) => keyword === "ARG")
      .flatMap(({ argument }) => [...argument.matchAll(/(?:^|\s)([A-Za-z_]\w*)/g)].map(([, name = ""]) => name)),
  );
  return { instructions, problems, ignored, args, finalBase };
}
