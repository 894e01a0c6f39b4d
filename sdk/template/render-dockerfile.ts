import type { CopyItem, Step } from "../wire/step.ts";
import type { TemplateDefinition } from "./definition.ts";
import { TemplateArgumentError } from "./errors.ts";
import { quoteFlagValue, quoteWord } from "../dockerfile/index.ts";
import { LINE, SHELL_NAME } from "../wire/word-patterns.ts";
import { shellQuote } from "./shell-quote.ts";

/** A definition as a Dockerfile. */
export function renderDockerfile(definition: TemplateDefinition): string {
  const { base, steps, buildEnvs, startCmd } = definition;
  if (base.kind === "dockerfile") return base.content;
  const lines = [`FROM ${base.image}`];
  for (const { step } of steps) lines.push(...renderStep(step));
  for (const [name, value] of Object.entries(buildEnvs)) {
    if (!SHELL_NAME.test(name))
      refuse(
        `the name of the build variable "${name}"`,
        "must be letters, digits and underscores, and not begin with a digit",
      );
    lines.push(`ENV ${name}=${quoteWord(oneLine(`build variable ${name}`, value))}`);
  }
  if (startCmd !== undefined) lines.push(`CMD ${JSON.stringify(["sh", "-c", startCmd])}`);
  return `${lines.join("\n")}\n`;
}

function renderStep(step: Step): string[] {
  switch (step.action) {
    case "apt_install":
      return install(step.packages, (words) => [
        `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y ${words} && rm -rf /var/lib/apt/lists/*`,
      ]);
    case "pip_install":
      return install(step.packages, (words) => [
        `pip install ${step.g === false ? "--user " : ""}--no-cache-dir ${words}`,
      ]);
    case "npm_install":
      return install(step.packages, (words) => [`npm install ${step.g ? "-g " : ""}${words}`]);
    case "bun_install":
      return install(step.packages, (words) => [`bun add ${step.g ? "--global " : ""}${words}`]);
    case "run":
      return [run(step.user === undefined ? step.command : asUser(step.command, step.user))];
    case "workdir":
      return [`WORKDIR ${quoteWord(instructionLine("workdir", step.path))}`];
    case "user":
      return [`USER ${quoteWord(instructionLine("user", step.user))}`];
    case "copy":
      return [copy(step)];
    case "copy_items":
      return step.items.map(copy);
    case "remove": {
      const flags = `${step.recursive ? "r" : ""}${step.force ? "f" : ""}`;
      return [run(`rm ${flags === "" ? "" : `-${flags} `}${operand(step.path)}`)];
    }
    case "rename":
      return [run(`mv ${step.force ? "-f " : ""}${operand(step.src)} ${operand(step.dst)}`)];
    case "make_dir": {
      const chmod = step.mode === undefined ? "" : ` && chmod ${octal(step.mode)} ${operand(step.path)}`;
      return [run(`mkdir -p ${operand(step.path)}${chmod}`)];
    }
    case "make_symlink":
      return [run(`ln -s ${operand(step.target)} ${operand(step.path)}`)];
    case "git_clone": {
      const branch = step.branch === undefined ? "" : `--branch ${shellQuote(step.branch)} `;
      const depth = step.depth === undefined ? "" : `--depth ${step.depth} `;
      return [run(`git clone ${branch}${depth}${operand(step.url)} ${operand(step.path ?? "/workspace")}`)];
    }
    case "skip_cache":
      return [];
  }
}

function install(packages: readonly string[], command: (words: string) => string[]): string[] {
  return packages.length === 0 ? [] : command(packages.map((name) => shellQuote(name)).join(" ")).map(run);
}

/** A path that begins with a dash must not be taken for an option. */
function operand(path: string): string {
  return shellQuote(path.startsWith("-") ? `./${path}` : path);
}

/** A command over several lines would end at the first in the shell form. */
function run(command: string): string {
  return /[\r\n]/.test(command) || command.endsWith("\\")
    ? `RUN ${JSON.stringify(["/bin/sh", "-c", command])}`
    : `RUN ${command}`;
}

function asUser(command: string, user: string): string {
  return `su -s /bin/sh -c ${shellQuote(command)} ${shellQuote(user)}`;
}

function copy(item: CopyItem): string {
  const flags = `${item.user === undefined ? "" : ` --chown=${quoteFlagValue(instructionLine("user", item.user))}`}${item.mode === undefined ? "" : ` --chmod=${octal(item.mode)}`}`;
  const words = [...item.sources, item.dst].map((word) => word.replaceAll("\\", "/"));
  // The JSON form takes every character; with it a Dockerfile needs no quoting rules of its own.
  const plain = words.length === 2 && !words.some((word) => /[\s"'$[\]]/.test(word));
  return `COPY${flags} ${plain ? words.join(" ") : JSON.stringify(words)}`;
}

function octal(mode: number | string): string {
  return typeof mode === "string" ? mode : mode.toString(8).padStart(4, "0");
}

/** What an instruction names, by the service's own rule. */
function instructionLine(what: string, text: string): string {
  oneLine(what, text);
  return LINE.test(text) ? text : refuse(what, "holds a control character, which no instruction can name");
}

function oneLine(what: string, text: string): string {
  return /[\r\n]/.test(text) ? refuse(what, "holds a line break, which a Dockerfile has no form for") : text;
}

function refuse(what: string, why: string): never {
  throw new TemplateArgumentError("toDockerfile", `${what} ${why}`);
}
