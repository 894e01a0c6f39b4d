import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { InvalidArgumentError, Option, type Command } from "commander";
import {
  FAIL_ON,
  isMarkerName,
  makeReport,
  metConditions,
  readPreview,
  renderMarkdown,
  renderText,
  type FailOn,
  type TitledPreview,
} from "../../provider/report/index.ts";
import { action } from "../cli/action.ts";
import { UsageError } from "../cli/errors.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { print, printJson } from "../cli/output.ts";

interface ReportOptions {
  title: string[];
  format: "markdown" | "json" | "text";
  failOn: FailOn[];
  marker: string;
}

/** `report`: what a preview would change, for a reviewer who does not know Pulumi. */
export function registerReport(program: Command): void {
  program
    .command("report")
    .description("turn the output of `pulumi preview --json` into a comment for a pull request")
    .argument("[files...]", "outputs of previews, one for each stack; `-` or none: standard input")
    .addOption(
      new Option("--title <text>", "title of the preview; once per file, in the same order")
        .argParser(append)
        .default([], "the stack's name"),
    )
    .addOption(
      new Option("--format <format>", "how to print the report")
        .choices(["markdown", "json", "text"])
        .default("markdown"),
    )
    .addOption(
      new Option("--fail-on <change>", "exit with 3 when the preview shows this change; may be given several times")
        .choices(FAIL_ON)
        .argParser(appendChange)
        .default([], "none"),
    )
    .option(
      "--marker <name>",
      "name in the hidden first line, by which a bot finds its comment again",
      marker,
      "preview",
    )
    .addHelpText("after", HELP)
    .action(
      action(async (signal, files: string[], { title, format, failOn, marker: name }: ReportOptions) => {
        const sources = files.length === 0 ? ["-"] : files;
        if (title.length > sources.length) {
          throw new UsageError(`There are ${title.length} titles for ${sources.length} previews.`);
        }
        if (sources.filter((source) => source === "-").length > 1) {
          throw new UsageError("Standard input can be read only once: name files for the other previews.");
        }
        const previews: TitledPreview[] = [];
        for (const [index, source] of sources.entries()) {
          const preview = readPreview(await readSource(source, signal));
          previews.push({ preview, ...(title[index] !== undefined && { title: title[index] }) });
        }
        const report = makeReport(previews);
        if (format === "json") await printJson(report, signal);
        else await print(format === "text" ? renderText(report) : renderMarkdown(report, name), signal);
        return metConditions(report, failOn).length > 0 ? EXIT.condition : EXIT.ok;
      }),
    );
}

const HELP = `
A preview that failed is reported with its errors. Exit codes: 0 the report is printed, 2 a file or an option is
wrong, 3 the preview shows a change that --fail-on names.

  pulumi preview --json > preview.json
  pulumi-nullspace report preview.json
  pulumi-nullspace report dev.json prod.json --title dev --title production --fail-on replace --fail-on delete
`;

function append(value: string, all: readonly string[]): string[] {
  return [...all, value];
}

function appendChange(value: string, all: readonly FailOn[]): FailOn[] {
  const change = FAIL_ON.find((each) => each === value);
  if (change === undefined) throw new InvalidArgumentError(`Allowed choices are ${FAIL_ON.join(", ")}.`);
  return all.includes(change) ? [...all] : [...all, change];
}

function marker(name: string): string {
  if (isMarkerName(name)) return name;
  throw new InvalidArgumentError('Use letters, digits, ".", "_" and single "-".');
}

async function readSource(source: string, signal: AbortSignal): Promise<string> {
  if (source === "-") return textOf(await buffer(process.stdin));
  try {
    return textOf(await readFile(source, { signal }));
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new UsageError(`${source} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** PowerShell's `>` writes UTF-16. */
function textOf(bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8").decode(bytes);
}
