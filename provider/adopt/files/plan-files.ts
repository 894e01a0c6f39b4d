import { relative, sep } from "node:path";
import { TemplateName } from "../../../sdk/wire/index.ts";
import { toWord } from "../../core/autoname.ts";
import { latin, ProgramNames } from "../program/names.ts";
import { CONFIG, Expression, type Program, type ProgramInput, type ProgramResource } from "../program/program.ts";
import { quote } from "../program/quote.ts";
import { propertyKey } from "../program/render-value.ts";
import { MODULES, type Shell } from "../shell.ts";
import { readDockerfileNeeds, type DockerfileNeeds } from "./dockerfile-needs.ts";
import { givenName, type SourceFile } from "./source-file.ts";

/** How long E2B waits for a start command that has no ready command. */
const E2B_START_MS = 20_000;

/**
 * Makes a program of files.
 *
 * @param folder the program's folder, absolute: paths in it start there
 */
export function planFiles(files: readonly SourceFile[], shell: Shell, folder: string): Program {
  const names = new ProgramNames();
  return {
    module: MODULES[shell],
    comment: ["Made by `pulumi-nullspace adopt --from`. It is yours: change it as you like."],
    resources: files.map((file) => templateOf(file, names, folder)),
  };
}

function templateOf(file: SourceFile, names: ProgramNames, programFolder: string): ProgramResource {
  const given = givenName(file);
  const name = names.resource("template", templateName(given));
  const needs = readDockerfileNeeds(file.dockerfileText);
  const context = pathFrom(programFolder, file.folder);
  const { cpu_count: vcpus, memory_mb: memoryMib } = file.e2b ?? {};
  return {
    type: "Template",
    name,
    comment: startComment(file, needs),
    inputs: [
      {
        name: "name",
        value: name,
        comment: name === given ? [] : [`The service does not take the name ${quote(given)}.`],
      },
      { name: "context", value: context, comment: [...placeComment(context), ...argsComment(needs)] },
      ...dockerfileInput(file),
      ...secretInputs(needs),
      ...startInputs(file, needs),
      ...(vcpus === undefined ? [] : [{ name: "vcpus", value: vcpus }]),
      ...(memoryMib === undefined ? [] : [{ name: "memoryMib", value: memoryMib }]),
    ],
  };
}

/** The name as the service takes it. */
function templateName(given: string): string {
  const word = toWord(latin(given)).replace(/-+$/, "");
  return TemplateName.safeParse(word).success ? word : `template-${word}`.slice(0, 100).replace(/-+$/, "");
}

function pathFrom(folder: string, target: string): string {
  const path = relative(folder, target).split(sep).join("/");
  if (path === "") return ".";
  return path.startsWith("../") || path === ".." || path.startsWith("/") ? path : `./${path}`;
}

function dockerfileInput({ folder, dockerfile }: SourceFile): ProgramInput[] {
  const path = relative(folder, dockerfile).split(sep).join("/");
  return path === "Dockerfile" ? [] : [{ name: "dockerfile", value: path }];
}

function placeComment(context: string): string[] {
  if (context !== ".") return [];
  return ["The program itself lies in here: name its files, and node_modules, in .dockerignore, or move it elsewhere."];
}

function argsComment({ args }: DockerfileNeeds): string[] {
  if (args.length === 0) return [];
  const named = args.map((name) => `${propertyKey(name)}: "…"`).join(", ");
  return [`Arguments that the Dockerfile gives no default: \`buildArgs: { ${named} }\`, if it needs them.`];
}

function secretInputs({ secrets }: DockerfileNeeds): ProgramInput[] {
  if (secrets.length === 0) return [];
  return [
    {
      name: "buildSecrets",
      comment: secrets.map((id) => `pulumi config set --secret ${id}`),
      value: Object.fromEntries(
        secrets.map((id) => [id, new Expression(`${CONFIG}.requireSecret(${quote(id)})`, [CONFIG])]),
      ),
    },
  ];
}

/** A command of the Dockerfile is started by no service, unless it is asked for. */
function startComment({ e2b }: SourceFile, { command, port }: DockerfileNeeds): string[] {
  if (e2b?.start_cmd !== undefined || command === undefined) return [];
  const ready = port === undefined ? "" : `, with \`readiness: { kind: "tcp", port: ${port} }\``;
  return [
    `The Dockerfile starts ${quote(command)}. To have it running in every machine from the start, give it as \`startCmd\`${ready}.`,
  ];
}

function startInputs({ e2b }: SourceFile, { port }: DockerfileNeeds): ProgramInput[] {
  const startCmd = e2b?.start_cmd;
  if (startCmd === undefined) return [];
  const readyCmd = e2b?.ready_cmd;
  const start = { name: "startCmd", value: startCmd };
  if (readyCmd !== undefined) return [start, { name: "readiness", value: { kind: "command", command: readyCmd } }];
  const better = port === undefined ? "" : `, such as \`{ kind: "tcp", port: ${port} }\``;
  return [
    start,
    {
      name: "readiness",
      comment: [
        `E2B waits this long for a start command without a ready command. A check is quicker and more reliable${better}.`,
      ],
      value: { kind: "timeout", timeoutMs: E2B_START_MS },
    },
  ];
}
