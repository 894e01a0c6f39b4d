import { resolve } from "node:path";
import { Option, type Command } from "commander";
import {
  findResources,
  IMPORT_FILE,
  planAdoption,
  planFiles,
  readSourceFile,
  renderImportFile,
  renderProgram,
  SHELLS,
  writeFiles,
  type Adoption,
  type ProgramResource,
  type Shell,
} from "../../provider/adopt/index.ts";
import { clientFor, type ProviderConfig } from "../../provider/core/provider-config.ts";
import { action } from "../cli/action.ts";
import { UsageError } from "../cli/errors.ts";
import { print, printJson } from "../cli/output.ts";

interface AdoptOptions {
  pool: string[];
  from: string[];
  shell: Shell;
  out: string;
  force?: boolean;
  json?: boolean;
}

/** What the command has written. */
interface Adopted {
  resources: readonly (ProgramResource & { id?: string; isOwned?: boolean })[];
  files: string[];
}

const PROGRAM_FILE = "index.ts";

/** `adopt`: what exists at a service, or the files of a template, as a Pulumi program. */
export function registerAdopt(program: Command): void {
  program
    .command("adopt")
    .description(
      "write a program, and a file for `pulumi import`, from what exists at the service; or from an e2b.toml",
    )
    .argument("[templates...]", "names of templates, or patterns such as 'web-*'; default: all of your own namespace")
    .addOption(
      new Option("--pool <pattern>", "a pool by name or id, or a pattern; may be given several times")
        .argParser(append)
        .default([], "see below"),
    )
    .addOption(
      new Option("--from <path>", "an e2b.toml, a Dockerfile, or a folder with one; may be given several times")
        .argParser(append)
        .default([], "ask the service"),
    )
    .addOption(new Option("--shell <shell>", "whose resources the program has").choices(SHELLS).default("plugin"))
    .option("--out <dir>", "folder to write into", ".")
    .option("--force", "overwrite existing files")
    .option("--json", "print {resources: [{type, name, id?, owned?}], files}")
    .addHelpText("after", HELP)
    .action(
      action(async (signal, templates: string[], options: AdoptOptions) => {
        if (options.from.length > 0 && templates.length + options.pool.length > 0) {
          throw new UsageError("With --from, no service is asked: leave out the names of templates and pools.");
        }
        const adopted =
          options.from.length > 0 ? await fromFiles(options) : await fromService(templates, options, signal);
        if (options.json) await printJson(documentOf(adopted), signal);
        else await print(describe(adopted, options), signal);
      }),
    );
}

const HELP = `
Writes index.ts and, for the plugin, adopt.json. A file that is there already is left as it is, and nothing is written.
Without --pool, the pools of the templates are taken, or all with all templates. Nothing at the service is changed.

  pulumi-nullspace adopt --out infra
  pulumi-nullspace adopt 'web-*' --pool 'web*' --out infra
  pulumi-nullspace adopt --shell dynamic
  pulumi-nullspace adopt --from e2b.toml --out infra
`;

async function fromService(
  templates: readonly string[],
  { pool: pools, shell, out, force = false }: AdoptOptions,
  signal: AbortSignal,
): Promise<Adopted> {
  const config: ProviderConfig = {};
  const client = clientFor(config);
  try {
    const adoption = planAdoption(await findResources(config, { templates, pools }, signal), shell);
    const { resources } = adoption;
    return { resources, files: resources.length === 0 ? [] : await writeFiles(out, filesOf(adoption), { force }) };
  } finally {
    await client.close();
  }
}

function filesOf(adoption: Adoption): Record<string, string> {
  return {
    [PROGRAM_FILE]: renderProgram(adoption),
    ...(adoption.shell === "plugin" && { [IMPORT_FILE]: renderImportFile(adoption) }),
  };
}

async function fromFiles({ from, shell, out, force = false }: AdoptOptions): Promise<Adopted> {
  const program = planFiles(await Promise.all(from.map(readSourceFile)), shell, resolve(out));
  const files = await writeFiles(out, { [PROGRAM_FILE]: renderProgram(program) }, { force });
  return { resources: program.resources, files };
}

function documentOf({ resources, files }: Adopted): object {
  return {
    resources: resources.map(({ type, name, id, isOwned }) => ({
      type,
      name,
      ...(id !== undefined && { id }),
      ...(isOwned === true && { owned: true }),
    })),
    files,
  };
}

function describe({ resources, files }: Adopted, { from, shell }: AdoptOptions): string {
  if (resources.length === 0) return "There is nothing to adopt, and nothing was written.\n";
  const rows = resources.map(({ type, name, id, isOwned }) =>
    [
      `  ${type.padEnd(14)}`,
      name,
      ...(id === undefined ? [] : [shown(id)]),
      ...(isOwned ? ["(of a Pulumi stack)"] : []),
    ].join(" "),
  );
  return `${[...rows, `Written: ${files.join(", ")}`, nextStep(from.length > 0, shell)].join("\n")}\n`;
}

function nextStep(isOfFiles: boolean, shell: Shell): string {
  if (isOfFiles || shell === "dynamic") return "Next: read index.ts, then pulumi preview";
  return `Next: read index.ts, then pulumi import --file ${IMPORT_FILE} --generate-code=false --protect=false`;
}

/** Names at a service may hold anything: a terminal is given what it can show. */
function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

function append(value: string, all: readonly string[]): string[] {
  return [...all, value];
}
