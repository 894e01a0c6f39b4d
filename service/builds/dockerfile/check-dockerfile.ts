import {
  isKnownKeyword,
  isOwnFrontend,
  readArg,
  readDockerfile,
  readFrom,
  type Instruction,
  type ParsedDockerfile,
} from "./reading.ts";

/** Instructions that shape an image but not a machine: nothing reaches a machine by a port, and none is built on it. */
const WITHOUT_EFFECT = new Set(["CMD", "ENTRYPOINT", "EXPOSE", "STOPSIGNAL", "VOLUME", "ONBUILD"]);

/** A Dockerfile with what was found wrong in it. */
export interface CheckedDockerfile {
  instructions: Instruction[];
  /** What continues its lines. */
  escape: ParsedDockerfile["directives"]["escape"];
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
 * builder can know (a missing image, a bad flag) is left to it, and so is what builders read in different ways.
 *
 * @param target stage that is to be built
 */
export function checkDockerfile(text: string, target?: string): CheckedDockerfile {
  const parsed = readDockerfile(text);
  const { instructions, directives } = parsed;
  const { problems, finalBase } = findProblems(parsed, target);
  const isForAll = !instructions.some(({ heredocs }) => heredocs.length > 0);
  // Builders from before here-documents read a body as instructions.
  const isRefused =
    problems.length > 0 &&
    (isForAll || findProblems(readDockerfile(text, { hasHeredocs: false }), target).problems.length > 0);
  return {
    instructions,
    escape: directives.escape,
    problems: isRefused ? problems : [],
    ignored: instructions
      .filter(({ keyword }) => WITHOUT_EFFECT.has(keyword))
      .map(({ keyword, line }) => ({ instruction: keyword, line })),
    args: new Set(
      instructions
        .filter(({ keyword }) => keyword === "ARG")
        .flatMap(({ argument }) => (readArg(argument, directives.escape) ?? []).map(({ name }) => name)),
    ),
    finalBase,
  };
}

function findProblems(
  { instructions, directives, refusal }: ParsedDockerfile,
  target: string | undefined,
): Pick<CheckedDockerfile, "problems" | "finalBase"> {
  const { syntax, escape } = directives;
  const problems: string[] = [];
  if (refusal !== undefined && !refusal.isOfHeredoc) problems.push(`line ${refusal.line}: ${refusal.reason}`);
  // Stage by name and by number: the image that it goes back to.
  const stages = new Map<string, string>();
  let count = 0;
  for (const { line, keyword, argument } of instructions) {
    // Another frontend may know more instructions than we do.
    if (!isKnownKeyword(keyword) && syntax === undefined)
      problems.push(`line ${line}: there is no instruction ${keyword}`);
    if (keyword === "FROM") {
      const from = readFrom(argument, escape);
      if (from === undefined) problems.push(`line ${line}: FROM takes an image, or "image AS name"`);
      const root = stages.get(from?.base.toLowerCase() ?? "") ?? from?.base ?? "";
      stages.set(String(count++), root);
      if (from?.name !== undefined) stages.set(from.name, root);
    } else if (count === 0 && keyword !== "ARG" && isKnownKeyword(keyword)) {
      problems.push(`line ${line}: ${keyword} stands before the first FROM`);
    }
  }
  if (count === 0 && problems.length === 0) problems.push("there is no FROM in it");
  if (target !== undefined && !stages.has(target.toLowerCase()))
    problems.push(`there is no stage "${target}" to build`);
  const finalBase = stages.get(target?.toLowerCase() ?? String(count - 1));
  return { problems: syntax === undefined || isOwnFrontend(syntax.image) ? problems : [], finalBase };
}
