import { expandVariables, UNTOLD } from "./expand-variables.ts";
import { parseDockerfile, type Instruction } from "./parse-dockerfile.ts";

/** An image that a Dockerfile names. */
export interface NamedImage {
  /** The name, with {@link UNTOLD} in the place of what depends on a variable that nobody knows. */
  name: string;
  /** Line that names it, from 1. */
  line: number;
}

const SYNTAX = /^#\s*syntax\s*=\s*(\S+)/i;
const DIRECTIVE = /^#\s*[A-Za-z][A-Za-z0-9]*\s*=/;

/**
 * The images that a build of the Dockerfile may fetch: those of FROM, `COPY --from=`, `RUN --mount=…,from=` and of the
 * `syntax` directive. Names of stages are no images; nor is `scratch`. An `ARG` has the value that is given, else its
 * default.
 *
 * @param buildArgs values given for `ARG`s
 */
export function namedImages(dockerfile: string, buildArgs: Readonly<Record<string, string>> = {}): NamedImage[] {
  const images = syntaxImages(dockerfile);
  const stages = new Set<string>(["scratch"]);
  const globals = new Map<string, string | undefined>();
  let values = globals;
  let count = 0;
  const add = (name: string | undefined, line: number) => {
    if (name !== undefined && name !== "" && !stages.has(name.toLowerCase())) images.push({ name, line });
  };
  for (const instruction of parseDockerfile(dockerfile)) {
    const { keyword, line } = instruction;
    if (keyword === "ARG") declareArgs(instruction, values, { buildArgs, globals });
    else if (keyword === "FROM") {
      const [base = "", as, name] = wordsOf(instruction.argument).filter((word) => !word.startsWith("--"));
      add(expandVariables(unquote(base), globals), line);
      if (as?.toUpperCase() === "AS" && name !== undefined) stages.add(name.toLowerCase());
      stages.add(String(count++));
      values = new Map();
    } else if (keyword === "COPY" || keyword === "RUN") {
      for (const name of sourcesOf(instruction)) add(expandVariables(name, values), line);
    }
  }
  return images;
}

/** What `# syntax=` names: the builder fetches it before it reads on. */
function syntaxImages(dockerfile: string): NamedImage[] {
  const lines = dockerfile.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const name = SYNTAX.exec(line)?.[1];
    if (name !== undefined) return [{ name, line: index + 1 }];
    if (!DIRECTIVE.test(line)) break;
  }
  return [];
}

function declareArgs(
  { argument }: Instruction,
  values: Map<string, string | undefined>,
  { buildArgs, globals }: { buildArgs: Readonly<Record<string, string>>; globals: Map<string, string | undefined> },
): void {
  for (const word of wordsOf(argument)) {
    const [, name = "", , fallback] = /^([A-Za-z_]\w*)(=([\s\S]*))?$/.exec(word) ?? [];
    if (name === "") continue;
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    const inherited = values === globals ? undefined : globals.get(name);
    const own = fallback === undefined ? inherited : expandVariables(unquote(fallback), values);
    values.set(name, given ?? own);
  }
}

/** What `--from=` and `--mount=…,from=` name. */
function sourcesOf({ keyword, argument }: Instruction): string[] {
  const flags = /^(?:\s*--\S+)*/.exec(argument)?.[0] ?? "";
  return wordsOf(flags).flatMap((flag) => {
    const [, name, value = ""] = /^--([a-z]+)=(.*)$/.exec(flag) ?? [];
    if (keyword === "COPY" && name === "from") return [unquote(value)];
    if (keyword !== "RUN" || name !== "mount") return [];
    return value.split(",").flatMap((option) => /^"?from=(.*?)"?$/.exec(option)?.slice(1, 2) ?? []);
  });
}

/** Words separated by white space, quoted ones in one piece. */
function wordsOf(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'])+/g) ?? [];
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$|^'(.*)'$/s, (_whole, double?: string, single?: string) => double ?? single ?? "");
}

/** Whether the beginning of the name up to its first slash, where a registry stands, can be told. */
export function isRegistryTold({ name }: NamedImage): boolean {
  const untold = name.indexOf(UNTOLD);
  const slash = name.indexOf("/");
  return untold < 0 || (slash >= 0 && slash < untold);
}
