import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import { type BuildContext, type ContextOptions, readContext, tarContext } from "../../sdk/context/index.ts";
import { action } from "../cli/action.ts";
import { print, printJson } from "../cli/output.ts";
import { dockerfileOption } from "./context-dockerfile.ts";

/** Options that every `context` command takes. */
interface ReadOptions {
  /** `false` with `--no-dockerfile`. */
  dockerfile?: string | false;
  ignoreSyntax?: ContextOptions["ignoreSyntax"];
  ignore?: string[];
  symlinks?: ContextOptions["symlinks"];
  json?: boolean;
}

/** Adds `context inspect | hash | tar`. */
export function registerContext(program: Command): void {
  const context = program.command("context").description("Look into a build context: what is sent, and its hash");

  readCommand(context, "inspect", "Print what would be sent, what is left out, and why")
    .option("--json", "print one JSON object")
    .action(
      action(async (signal, dir: string, options: ReadOptions) => {
        const read = await readFrom(dir, options, { signal, unsupported: "list" });
        await printJson({ files: read.entries, hash: read.hash, ignored: read.ignored }, signal);
      }),
    );

  readCommand(context, "hash", "Print the context's hash")
    .option("--json", "print one JSON object")
    .action(
      action(async (signal, dir: string, options: ReadOptions) => {
        const { hash } = await readFrom(dir, options, { signal });
        await (options.json ? printJson({ hash }, signal) : print(`${hash}\n`, signal));
      }),
    );

  readCommand(context, "tar", "Write the tar that is sent to standard output")
    .option("--gzip", "compress it")
    .action(
      action(async (signal, dir: string, options: ReadOptions & { gzip?: boolean }) => {
        const read = await readFrom(dir, options, { signal });
        await pipeline(tarContext(read, { gzip: options.gzip }), process.stdout, { signal, end: false });
      }),
    );
}

function readCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .argument("<dir>", "the context")
    .option("--dockerfile <path>", "the Dockerfile, relative to the context or to the working directory")
    .option("--no-dockerfile", "the context has no Dockerfile")
    .addOption(new Option("--ignore-syntax <syntax>", "how ignore files are read").choices(["docker", "gitignore"]))
    .option("--ignore <pattern...>", "more ignore patterns, read after the ignore file")
    .addOption(new Option("--symlinks <mode>", "what to do with links").choices(["keep", "copy", "error"]));
}

async function readFrom(dir: string, options: ReadOptions, more: Partial<ContextOptions>): Promise<BuildContext> {
  return readContext({
    dir,
    dockerfile: dockerfileOption(dir, options.dockerfile),
    ignoreSyntax: options.ignoreSyntax,
    ignorePatterns: options.ignore,
    symlinks: options.symlinks,
    ...more,
  });
}
