import { readDockerfile } from "../../../sdk/dockerfile/index.ts";
import { readArg } from "../../../sdk/dockerfile/declarations.ts";
import { UNTOLD, type Variables } from "../../../sdk/dockerfile/expand-word.ts";
import { readMount } from "../../../sdk/dockerfile/run-step.ts";
import { readJsonWords, splitFlags } from "../../../sdk/dockerfile/words.ts";
import { shellQuote } from "../../../sdk/template/shell-quote.ts";

/** What a Dockerfile tells of the build and of the machines, beside what is in it. */
export interface DockerfileNeeds {
  /** Arguments that it declares without a default. */
  args: string[];
  /** Ids of the secrets that its RUNs mount. */
  secrets: string[];
  /** What it starts, as a shell takes it: its last ENTRYPOINT and CMD. */
  command?: string;
  /** The first port that it exposes over TCP. */
  port?: number;
}

/** Arguments that a builder gives by itself. */
const PREDEFINED =
  /^(?:(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)|(?:HTTP|HTTPS|FTP|NO|ALL)_PROXY|SOURCE_DATE_EPOCH|BUILDKIT_.*)$/i;
/** Variables are no part of what is looked for here. */
const NO_VARIABLES: Variables = { get: () => undefined, untold: () => UNTOLD };
const SECRET_ID = /^[A-Za-z0-9._-]+$/;

/** Reads what a Dockerfile needs; of its last stage, what it starts and where that listens. */
export function readDockerfileNeeds(text: string): DockerfileNeeds {
  const args = new Map<string, boolean>();
  const secrets = new Set<string>();
  let entrypoint: string | undefined;
  let cmd: string | undefined;
  let port: number | undefined;
  const { instructions, directives } = readDockerfile(text);
  for (const { keyword, argument } of instructions) {
    if (keyword === "FROM") entrypoint = cmd = port = undefined;
    if (keyword === "ARG") {
      for (const { name, value } of readArg(argument, directives.escape) ?? [])
        args.set(name, args.get(name) === true || value !== undefined);
    }
    if (keyword === "RUN") for (const id of mountedSecrets(argument, directives.escape)) secrets.add(id);
    if (keyword === "ENTRYPOINT") entrypoint = shellCommand(argument);
    if (keyword === "CMD") cmd = shellCommand(argument);
    if (keyword === "EXPOSE") port ??= tcpPort(argument);
  }
  const command = [entrypoint, cmd].filter((part) => part !== undefined && part !== "").join(" ");
  return {
    args: [...args].filter(([name, isGiven]) => !isGiven && !PREDEFINED.test(name)).map(([name]) => name),
    secrets: [...secrets],
    ...(command !== "" && { command }),
    ...(port !== undefined && { port }),
  };
}

function mountedSecrets(argument: string, escape: string): string[] {
  return splitFlags(argument, escape).flags.flatMap(({ name, value = "" }) => {
    const fields = name === "mount" ? readMount(value, NO_VARIABLES) : undefined;
    if (fields?.get("type") !== "secret") return [];
    const id = fields.get("id") ?? fields.get("target")?.split("/").at(-1) ?? "";
    return SECRET_ID.test(id) ? [id] : [];
  });
}

function shellCommand(argument: string): string {
  const words = readJsonWords(argument);
  return words === undefined ? argument.trim() : words.map((word) => shellQuote(word, "'\\''")).join(" ");
}

function tcpPort(argument: string): number | undefined {
  const [, digits] = /^(\d{1,5})(?:\/tcp)?(?:\s|$)/i.exec(argument.trim()) ?? [];
  const port = Number(digits);
  return port >= 1 && port <= 65_535 ? port : undefined;
}
