import { shellQuote } from "pulumi-nullspace/sdk";
import { SHELL_NAME } from "pulumi-nullspace/wire";
import type { Step } from "pulumi-nullspace/wire";
import { copyOrders, type CopyOrder } from "../copy-sources.ts";
import { quoteFlagValue, quoteWord } from "./reading.ts";

/** Where a copy finds its files in the archive that the builder is sent. */
export interface CopyPlacement {
  /** Step of the definition, from 0. */
  stepIndex: number;
  order: CopyOrder;
  /** Folder of the archive that holds the sources of this copy and nothing else. */
  folder: string;
  /** Set when the copy is of one file to a path that does not end in a slash: the file's name in `folder`. */
  fileName?: string;
}

/** A Dockerfile of ours, with the way back from its lines and numbers to the steps of the definition. */
export interface RenderedDockerfile {
  text: string;
  /** Folders of the archive, one a copy. */
  placements: CopyPlacement[];
  /** Step (from 1) by the number that BuildKit gives instructions that make a layer; the base is number 1. */
  stepOfCounted: ReadonlyMap<number, number>;
  /** Step (from 1) by the number that the classic builder gives every instruction. */
  stepOfInstruction: ReadonlyMap<number, number>;
}

/** A user that an instruction cannot name: a line break would begin another one. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** By number: a name is looked up in files that small images do not have. */
const ROOT = "0:0";

/** What {@link renderDockerfile} draws from. */
export interface RenderOptions {
  baseImage: string;
  /** User of the base image; empty, or none that an instruction can name = root. */
  baseUser: string;
  steps: readonly Step[];
  /** Variables of the commands of the build, and of nothing else. */
  buildEnvs: Readonly<Record<string, string>>;
  /** Different for each build: steps behind a `skip_cache` step hang on it, so that no earlier layer fits. */
  cacheNonce: string;
  /** Whether a source of the context is one file. */
  isFile: (source: string) => boolean;
}

/**
 * Renders declarative steps as a Dockerfile.
 *
 * Commands are written in the exec form, `RUN ["/bin/sh","-c",…]`: JSON holds any text (line breaks, here-document
 * marks, trailing backslashes) that the shell form would take apart. Build variables are exported inside the command:
 * as `ENV` they would stay in the image, as `ARG` a variable of the base image would win over them. Sources of copies
 * lie in folders of our naming, so that no file name can be read as a pattern or a variable.
 */
export function renderDockerfile({
  baseImage,
  baseUser,
  steps,
  buildEnvs,
  cacheNonce,
  isFile,
}: RenderOptions): RenderedDockerfile {
  const lines: string[] = [`FROM ${baseImage}`];
  const placements: CopyPlacement[] = [];
  const stepOfCounted = new Map<number, number>();
  const stepOfInstruction = new Map<number, number>();
  let counted = 1;
  let user = baseUser === "" || CONTROL.test(baseUser) ? ROOT : baseUser;
  let current = user;

  const add = (stepIndex: number, instruction: string, makesLayer: boolean): void => {
    lines.push(instruction);
    stepOfInstruction.set(lines.length, stepIndex + 1);
    if (makesLayer) stepOfCounted.set(++counted, stepIndex + 1);
  };
  const actAs = (stepIndex: number, wanted: string): void => {
    if (wanted === current) return;
    add(stepIndex, `USER ${quoteWord(wanted)}`, false);
    current = wanted;
  };
  const run = (stepIndex: number, command: string, as: string = user): void => {
    actAs(stepIndex, as === "root" ? ROOT : as);
    add(stepIndex, `RUN ${json(["/bin/sh", "-c", exported(buildEnvs) + command])}`, true);
  };

  for (const [index, step] of steps.entries()) {
    switch (step.action) {
      case "workdir":
        actAs(index, user);
        add(index, `WORKDIR ${quoteWord(step.path)}`, true);
        break;
      case "user":
        user = step.user === "root" ? ROOT : step.user;
        actAs(index, user);
        break;
      case "copy":
      case "copy_items":
        for (const order of copyOrders(step)) {
          const folder = `step-${index + 1}/${placements.length}`;
          const [only] = order.sources;
          const fileName =
            order.sources.length === 1 && only !== undefined && isFile(only) && !namesFolder(order.dst)
              ? (only.split("/").at(-1) ?? only)
              : undefined;
          placements.push({ stepIndex: index, order, folder, ...(fileName !== undefined && { fileName }) });
          const source = fileName === undefined ? `${folder}/` : `${folder}/${pattern(fileName)}`;
          const owner = order.user === undefined ? "" : `--chown=${quoteFlagValue(order.user)} `;
          add(index, `COPY ${owner}${json([source, escaped(copyTarget(order, fileName))])}`, true);
        }
        break;
      case "skip_cache":
        add(index, `ARG NULLSPACE_CACHE_BOUNDARY_${index + 1}=${cacheNonce}`, false);
        break;
      default: {
        const command = commandOf(step);
        if (command !== undefined) run(index, command.text, command.asRoot ? ROOT : (command.user ?? user));
      }
    }
  }
  // What machines run as by default is the last user that was set, not the one of the last command.
  if (steps.length > 0) actAs(steps.length - 1, user);
  return { text: `${lines.join("\n")}\n`, placements, stepOfCounted, stepOfInstruction };
}

interface Command {
  text: string;
  asRoot?: boolean;
  user?: string;
}

/** The shell command of a step; `undefined` when there is nothing to do. */
export function commandOf(step: Step): Command | undefined {
  switch (step.action) {
    case "run":
      return { text: step.command, ...(step.user !== undefined && { user: step.user }) };
    case "apt_install":
      if (step.packages.length === 0) return undefined;
      return {
        text:
          `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y -- ${quoteAll(step.packages)}` +
          " && rm -rf /var/lib/apt/lists/*",
        asRoot: true,
      };
    case "pip_install": {
      if (step.packages.length === 0) return undefined;
      const forUser = step.g === false;
      // Debian's Python refuses to install next to its own packages unless told that this is what is meant.
      const text = `PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore pip install ${forUser ? "--user " : ""}--no-cache-dir ${quoteAll(step.packages)}`;
      return forUser ? { text } : { text, asRoot: true };
    }
    case "npm_install":
      if (step.packages.length === 0) return undefined;
      return {
        text: `npm install ${step.g === true ? "-g " : ""}${quoteAll(step.packages)}`,
        ...(step.g === true && { asRoot: true }),
      };
    case "bun_install":
      if (step.packages.length === 0) return undefined;
      return {
        text: `bun add ${step.g === true ? "--global " : ""}${quoteAll(step.packages)}`,
        ...(step.g === true && { asRoot: true }),
      };
    case "remove": {
      const flags = `${step.recursive === true ? "r" : ""}${step.force === true ? "f" : ""}`;
      return { text: `rm ${flags === "" ? "" : `-${flags} `}-- ${quote(step.path)}` };
    }
    case "rename":
      return { text: `mv ${step.force === true ? "-f " : ""}-- ${quote(step.src)} ${quote(step.dst)}` };
    case "make_dir": {
      const mode = step.mode === undefined ? undefined : octal(step.mode);
      return {
        text: `mkdir -p -- ${quote(step.path)}${mode === undefined ? "" : ` && chmod ${mode} ${quote(step.path)}`}`,
      };
    }
    case "make_symlink":
      return { text: `ln -s -- ${quote(step.target)} ${quote(step.path)}` };
    case "git_clone": {
      const branch = step.branch === undefined ? "" : `--branch ${quote(step.branch)} `;
      const depth = step.depth === undefined ? "" : `--depth ${step.depth} `;
      return { text: `git clone ${branch}${depth}-- ${quote(step.url)} ${quote(step.path ?? "/workspace")}` };
    }
    default:
      return undefined;
  }
}

/** A step in a few words, for logs. */
export function describeStep(step: Step): string {
  switch (step.action) {
    case "workdir":
      return `workdir ${step.path}`;
    case "user":
      return `user ${step.user}`;
    case "copy":
    case "copy_items":
      return copyOrders(step)
        .map(({ sources, dst }) => `copy ${sources.join(" ")} to ${dst}`)
        .join(", ");
    case "skip_cache":
      return "skip_cache";
    default:
      return `${step.action}: ${commandOf(step)?.text ?? "nothing to do"}`;
  }
}

/**
 * A word of the POSIX shell that means exactly this text. How it writes a quote never changes: the text of an instruction
 * decides whether the builder's cache has its layer, and is in the keys by which the images of earlier builds are found.
 */
export function quote(text: string): string {
  return shellQuote(text, "'\\''");
}

function quoteAll(texts: readonly string[]): string {
  return texts.map(quote).join(" ");
}

/** A name that no shell can write is in no command; the variable is in the machine all the same. */
function exported(variables: Readonly<Record<string, string>>): string {
  const names = Object.entries(variables).filter(([name]) => SHELL_NAME.test(name));
  const assignments = names.map(([name, value]) => `${name}=${quote(value)}`);
  return assignments.length === 0 ? "" : `export ${assignments.join(" ")}\n`;
}

function octal(mode: number | string): string {
  return (typeof mode === "number" ? mode & 0o7777 : Number.parseInt(mode, 8) & 0o7777).toString(8).padStart(4, "0");
}

function namesFolder(dst: string): boolean {
  return dst.endsWith("/") || dst === "." || dst === "..";
}

/** With a folder as its source COPY takes what is in it, so the target is a folder too. */
function copyTarget({ dst }: CopyOrder, fileName: string | undefined): string {
  return fileName !== undefined || dst.endsWith("/") ? dst : `${dst}/`;
}

function json(value: readonly string[]): string {
  return JSON.stringify(value);
}

/** Text in which the builder's variable substitution finds nothing to do (Dockerfile reference, "escape"). */
function escaped(text: string): string {
  return text.replace(/[\\$'"]/g, "\\$&");
}

/**
 * A file name that the builder's pattern matching takes literally. Each special character stands in a class of its own:
 * a backslash before it would do for the matcher, but older BuildKits then look for a file with the backslash in its
 * name.
 */
function pattern(name: string): string {
  return escaped(name.replace(/[*?[]/g, "[$&]").replaceAll("\\", "[\\\\]"));
}
