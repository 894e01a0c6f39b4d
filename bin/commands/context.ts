import { pipeline } from "node:stream/promises";
import { type Command, Option } from "commander";
import {
  type BuildContext,
  type ContextOptions,
  contextWarnings,
  type ContextWarning,
  readContext,
  tarContext,
  userStatCache,
} from "../../sdk/context/index.ts";
import { action } from "../cli/action.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { print, printJson } from "../cli/output.ts";
import { dockerfileOption } from "./context-dockerfile.ts";
import { contextReport } from "./context-report.ts";

/** Options that every `context` command takes. */
interface ReadOptions {
  /** `false` with `--no-dockerfile`. */
  dockerfile?: string | false;
  ignoreSyntax?: ContextOptions["ignoreSyntax"];
  ignore?: string[];
  symlinks?: ContextOptions["symlinks"];
  source?: string[];
  /** `false` with `--no-cache`. */
  cache?: boolean;
  json?: boolean;
}

/** Adds `context inspect | hash | diff | tar`. */
export function registerContext(program: Command): void {
  const context = program.command("context").description("inspect a build context: what is sent, and its hash");

  readCommand(context, "inspect", "print what would be sent, what is left out, and why")
    .option("--json", "print one JSON object")
    .action(
      action(async (signal, dir: string, options: ReadOptions) => {
        const read = await readFrom(dir, options, { signal });
        const warnings = contextWarnings(read, options.ignoreSyntax);
        await (options.json ? printInspection(read, warnings, signal) : print(contextReport(read, warnings), signal));
      }),
    );

  readCommand(context, "hash", "print the context's hash")
    .option("--json", "print one JSON object: the hash and the manifest")
    .action(
      action(async (signal, dir: string, options: ReadOptions) => {
        const { hash, manifest } = await readFrom(dir, options, { signal });
        await (options.json ? printJson({ hash, manifest }, signal) : print(`${hash}\n`, signal));
      }),
    );

  readCommand(
    context,
    "diff",
    "print what changed compared to another tree, or to an earlier reading; exit 1 if anything did",
  )
    .requiredOption("--against <path>", "a directory, a manifest, or what inspect or hash printed with --json")
    .option("--json", "print one JSON object")
    .action(
      action(async (signal, dir: string, options: ReadOptions & { against: string }) => {
        const read = await readFrom(dir, options, { signal });
        const { changesAgainst, changesReport } = await import("./context-diff.ts");
        const changes = await changesAgainst(read, options.against, (other) => readFrom(other, options, { signal }));
        await (options.json ? printJson({ changes }, signal) : print(changesReport(changes), signal));
        return changes.length === 0 ? EXIT.ok : EXIT.failed;
      }),
    );

  readCommand(context, "tar", "write the tar that would be sent to standard output")
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
    .option("--ignore <pattern...>", "additional ignore patterns, after those of the ignore file")
    .addOption(new Option("--symlinks <mode>", "what to do with links").choices(["keep", "copy", "skip", "error"]))
    .option("--source <path...>", "read only these files and folders of the context, relative to it")
    .option("--no-cache", "read every file, even those that look unchanged since an earlier run");
}

async function readFrom(dir: string, options: ReadOptions, more: Partial<ContextOptions>): Promise<BuildContext> {
  const folder = options.cache === false ? undefined : await userStatCache();
  return readContext({
    dir,
    dockerfile: dockerfileOption(dir, options.dockerfile),
    ignoreSyntax: options.ignoreSyntax,
    ignorePatterns: options.ignore,
    symlinks: options.symlinks,
    sources: options.source,
    statCache: folder !== undefined && { folder },
    ...more,
  });
}

/** Entries printed at a time. */
const CHUNK = 1000;

/** One JSON object, written piece by piece: a large context is never one string. */
async function printInspection(
  context: BuildContext,
  warnings: readonly ContextWarning[],
  signal: AbortSignal,
): Promise<void> {
  await print('{"files":[', signal);
  let lines: string[] = [];
  let isFirst = true;
  const flush = async () => {
    if (lines.length > 0) await print((isFirst ? "" : ",") + lines.join(","), signal);
    isFirst = isFirst && lines.length === 0;
    lines = [];
  };
  for (const entry of context.each()) {
    if (lines.push(JSON.stringify(entry)) === CHUNK) await flush();
  }
  await flush();
  const { hash, ignored, unsupported, skippedLinks, totalBytes } = context;
  const rest = { hash, ignored, unsupported, skippedLinks, warnings, totalBytes };
  await print(`],${JSON.stringify(rest).slice(1)}\n`, signal);
}
