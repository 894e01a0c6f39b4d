import { anyText, check, recordOf } from "../arguments/index.ts";
import { isRemoteSource, sourceWords } from "./copy-step.ts";
import { argValue, readArg, readEnv, readFrom } from "./declarations.ts";
import { expandWord, UNTOLD, type Variables } from "./expand-word.ts";
import { readDockerfile } from "./parse-dockerfile.ts";
import { untold } from "./stage-state.ts";

/** An ADD that the builder fetches something for, or may. */
export interface FetchingAdd {
  /** Line that it starts on, from 1. */
  line: number;
  /** The source as it is written. */
  source: string;
  /** `false`: it has a variable whose value the file does not tell, because it comes from an image. */
  isCertain: boolean;
}

/** What the text before an unknown value may be, where the whole may still be a URL or `git@host:…`. */
const MAY_BECOME_REMOTE = /^(?:[a-z][a-z0-9+.-]*(?::\/{0,2})?|[^/@]+@[^/:]*)?$/i;

const BUILD_ARGS = recordOf(anyText, "texts");

/**
 * The ADDs of a Dockerfile that fetch from the network, with the variables of ARG and ENV replaced as BuildKit does, as far
 * as the text tells. All stages count, needed or not.
 *
 * @param buildArgs values given for ARGs
 * @example
 * ```ts
 * fetchingAdds("FROM busybox\nADD https://example.com/app.tar.gz /srv/\n"); // [{ line: 2, source: "https://…", isCertain: true }]
 * ```
 */
export function fetchingAdds(text: string, buildArgs: Readonly<Record<string, string>> = {}): FetchingAdd[] {
  check("fetchingAdds", { text: anyText, buildArgs: BUILD_ARGS }, { text, buildArgs });
  const { instructions, directives } = readDockerfile(text);
  const rules = { escape: directives.escape };
  const given = new Map(Object.entries(buildArgs));
  const globals = new Map<string, string>();
  const stages = new Map<string, { env: ReadonlyMap<string, string>; isOnImage: boolean }>();
  const found: FetchingAdd[] = [];
  // Before the first FROM there is nothing but ARGs; on top of an image anything may be set.
  let env = globals;
  let isOnImage = false;
  let name: string | undefined;
  const variables: Variables = { get: (key) => env.get(key) ?? (isOnImage ? untold(`$${key}`) : undefined), untold };
  for (const { keyword, argument, line } of instructions) {
    if (keyword === "FROM") {
      if (name !== undefined) stages.set(name, { env, isOnImage });
      const from = readFrom(argument, directives.escape);
      const below = stages.get(from?.base.toLowerCase() ?? "");
      env = new Map(below?.env);
      isOnImage = below?.isOnImage ?? from?.base !== "scratch";
      name = from?.name;
    } else if (keyword === "ARG") {
      for (const one of readArg(argument, directives.escape) ?? []) {
        const sources = { given: given.get(one.name), inherited: globals.get(one.name), variables, rules };
        const value = argValue(one, sources);
        if (value !== undefined) env.set(one.name, value);
      }
    } else if (keyword === "ENV") {
      const values = (readEnv(argument, directives.escape) ?? []).map(
        (one) => [one.name, expandWord(one.value ?? "", variables, rules) ?? untold(one.name)] as const,
      );
      // All of them see the variables from before the instruction.
      for (const [key, value] of values) env.set(key, value);
    } else if (keyword === "ADD") {
      for (const { word } of sourceWords(argument, directives.escape)) {
        // What cannot be expanded, the builder refuses.
        const source = expandWord(word, variables, rules) ?? "";
        const known = source.split(UNTOLD, 1)[0]!;
        const isCertain = isRemoteSource(known);
        if (isCertain || (source !== known && MAY_BECOME_REMOTE.test(known))) {
          found.push({ line, source: word, isCertain });
        }
      }
    }
  }
  return found;
}
