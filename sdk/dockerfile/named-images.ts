import { argValue, readArg, readFrom } from "./declarations.ts";
import { readDirectives } from "./directives.ts";
import { expandWord, UNTOLD, type Variables } from "./expand-word.ts";
import { parseDockerfile, type Instruction } from "./parse-dockerfile.ts";
import { splitFlags } from "./words.ts";

/** An image that a Dockerfile names. */
export interface NamedImage {
  /** The name, with {@link UNTOLD} in the place of what depends on a variable that nobody knows. */
  name: string;
  /** Line that names it, from 1. */
  line: number;
}

/**
 * The images that a build of the Dockerfile may fetch: those of FROM, `COPY --from=`, `RUN --mount=…,from=` and of the
 * `syntax` directive. Names of stages are no images; nor is `scratch`. An `ARG` has the value that is given, else its
 * default.
 *
 * @param buildArgs values given for `ARG`s
 */
export function namedImages(dockerfile: string, buildArgs: Readonly<Record<string, string>> = {}): NamedImage[] {
  const { syntax, escape } = readDirectives(dockerfile);
  const images: NamedImage[] = syntax === undefined ? [] : [{ name: syntax.image, line: syntax.line }];
  const stages = new Set<string>(["scratch"]);
  const globals = new Map<string, string | undefined>();
  let values = globals;
  let count = 0;
  const expand = (word: string, known: ReadonlyMap<string, string | undefined>) =>
    expandWord(word, variablesOf(known), { escape }) ?? UNTOLD;
  const add = (name: string, line: number) => {
    if (name !== "" && !stages.has(name.toLowerCase())) images.push({ name, line });
  };
  for (const instruction of parseDockerfile(dockerfile)) {
    const { keyword, argument, line } = instruction;
    if (keyword === "ARG") {
      for (const declaration of readArg(argument, escape) ?? []) {
        const { name } = declaration;
        const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
        const inherited = values === globals ? undefined : globals.get(name);
        values.set(
          name,
          argValue(declaration, { given, inherited, variables: variablesOf(values), rules: { escape } }),
        );
      }
    } else if (keyword === "FROM") {
      const from = readFrom(argument, escape);
      add(expand(from?.base ?? "", globals), line);
      if (from?.name !== undefined) stages.add(from.name);
      stages.add(String(count++));
      values = new Map();
    } else if (keyword === "COPY" || keyword === "RUN") {
      for (const name of sourcesOf(instruction, escape)) add(expand(name, values), line);
    }
  }
  return images;
}

function variablesOf(values: ReadonlyMap<string, string | undefined>): Variables {
  return { get: (name) => values.get(name), untold: () => UNTOLD, unset: UNTOLD };
}

/** What `--from=` and `--mount=…,from=` name. */
function sourcesOf({ keyword, argument }: Instruction, escape: string): string[] {
  return splitFlags(argument, escape).flags.flatMap(({ name, value = "" }) => {
    if (keyword === "COPY" && name === "from") return [value];
    if (keyword !== "RUN" || name !== "mount") return [];
    return value.split(",").flatMap((option) => /^"?from=(.*?)"?$/.exec(option)?.slice(1, 2) ?? []);
  });
}

/** Whether the beginning of the name up to its first slash, where a registry stands, can be told. */
export function isRegistryTold({ name }: NamedImage): boolean {
  const untold = name.indexOf(UNTOLD);
  const slash = name.indexOf("/");
  return untold < 0 || (slash >= 0 && slash < untold);
}
