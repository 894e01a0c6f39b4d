import { readArg, readEnv, readFrom } from "../../../../sdk/dockerfile/declarations.ts";
import { contentOf, readHeredocOpening } from "../../../../sdk/dockerfile/heredoc.ts";
import { readDockerfile, type Instruction } from "../../../../sdk/dockerfile/parse-dockerfile.ts";
import { readJsonWords, splitBlanks, splitFlags, splitFlagWords } from "../../../../sdk/dockerfile/words.ts";
import type { BuildKitInstruction, BuildKitReading } from "./buildkit-parser.ts";

/** Ours beside BuildKit's, of one Dockerfile: equal where both read alike. */
export interface Comparison {
  ours: unknown;
  theirs: unknown;
}

/** Compares all that both say about a Dockerfile; where BuildKit refuses it, only that we do too. */
export function compare(text: string, theirs: BuildKitReading): Comparison {
  const { directives, instructions, refusal } = readDockerfile(text);
  const syntax = directives.syntax?.image ?? "";
  if (refusal !== undefined || theirs.parseError !== "") {
    return {
      ours: { syntax, isRefused: refusal !== undefined },
      theirs: { syntax: theirs.syntax, isRefused: theirs.parseError !== "" },
    };
  }
  const { escape } = directives;
  const ours = instructions.map((one, at) => ourInstruction(one, escape, theirs.instructions[at]));
  return {
    ours: { syntax, escape, instructions: ours },
    theirs: {
      syntax: theirs.syntax,
      escape: theirs.escape,
      instructions: theirs.instructions.map((one, at) => theirInstruction(one, ours[at]?.meaning)),
    },
  };
}

function ourInstruction(
  one: Instruction,
  escape: string,
  theirs: BuildKitInstruction | undefined,
): { meaning: unknown } & Record<string, unknown> {
  const { line, endLine, keyword, argument, heredocs } = one;
  const { rest } = splitFlags(argument, escape);
  const json = TAKES_JSON.has(keyword) ? readJsonWords(rest) : undefined;
  return {
    line,
    endLine,
    keyword,
    flags: splitFlagWords(argument, escape).words,
    ...(BY_BLANKS.has(keyword) && { words: json ?? splitBlanks(rest) }),
    ...(WHOLE.has(keyword) && { words: json ?? (rest === "" ? [] : [rest]) }),
    isJson: keyword === "HEALTHCHECK" ? theirs?.isJson : json !== undefined,
    heredocs: heredocs.map(({ name, body, isQuoted, stripsTabs }) => ({
      name,
      content: body,
      expands: !isQuoted,
      stripsTabs,
    })),
    // What BuildKit refuses may mean anything.
    meaning: theirs?.meaning == null ? undefined : ourMeaning(one, escape),
  };
}

function theirInstruction(
  { text: _text, words, keyword, meaning, ...one }: BuildKitInstruction,
  ours: unknown,
): unknown {
  return {
    ...one,
    keyword,
    ...((BY_BLANKS.has(keyword) || WHOLE.has(keyword)) && { words }),
    meaning: meaning == null ? undefined : theirMeaning(keyword, meaning, ours),
  };
}

const BY_BLANKS = new Set(["FROM", "COPY", "ADD", "EXPOSE", "VOLUME"]);
const WHOLE = new Set(["RUN", "CMD", "ENTRYPOINT", "SHELL", "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER"]);
const TAKES_JSON = new Set(["RUN", "CMD", "ENTRYPOINT", "SHELL", "COPY", "ADD", "VOLUME"]);
/** Names of variables as we take them; others are left to the builder. */
const NAME = /^[A-Za-z_]\w*$/;

function ourMeaning(instruction: Instruction, escape: string): unknown {
  const { keyword, argument } = instruction;
  const { flags, rest } = splitFlags(argument, escape);
  if (keyword === "FROM") {
    const { base, name = "" } = readFrom(argument, escape) ?? {};
    return { base, name };
  }
  if (keyword === "ARG") return readArg(argument, escape) ?? "unsure";
  if (keyword === "ENV") return readEnv(argument, escape) ?? "unsure";
  if (keyword !== "COPY" && keyword !== "ADD") return {};
  const json = readJsonWords(rest);
  const words = json ?? splitBlanks(rest);
  const openings = words.slice(0, -1).map((word) => ({ word, opening: readHeredocOpening(word) }));
  return {
    from: (keyword === "COPY" ? flags.findLast(({ name }) => name === "from")?.value : undefined) ?? "",
    paths: openings.filter(({ opening }) => !opening).map(({ word }) => word),
    contents: openings.flatMap(({ opening }) => {
      if (!opening) return [];
      const heredoc = instruction.heredocs.findLast(({ name }) => name === opening.name);
      const data = heredoc && contentOf({ ...heredoc, stripsTabs: opening.stripsTabs });
      return [{ Path: opening.name, Data: data ?? "", Expand: !opening.isQuoted }];
    }),
    target: words.at(-1),
  };
}

function theirMeaning(keyword: string, meaning: unknown, ours: unknown): unknown {
  if (keyword === "FROM") {
    const { base, name } = meaning as { base: string; name: string };
    return { base, name };
  }
  if (keyword === "ARG" || keyword === "ENV") {
    const pairs = meaning as { Key: string; Value: string | null }[];
    // Names that are none, and quotes without an end, are left to the builder: where it expands them it refuses them.
    if (ours === "unsure" && pairs.some(({ Key, Value }) => !NAME.test(Key) || /["']/.test(Value ?? ""))) return ours;
    return pairs.map(({ Key, Value }) => (Value === null ? { name: Key } : { name: Key, value: Value }));
  }
  return keyword === "COPY" || keyword === "ADD" ? meaning : {};
}
