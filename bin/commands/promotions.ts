import { InvalidArgumentError, type Command } from "commander";
import { NullspaceClient, tagHistory } from "../../sdk/client/index.ts";
import { action } from "../cli/action.ts";
import { print, printJson } from "../cli/output.ts";
import { historyTable } from "./promotions-table.ts";

/** `promotions`: where a tag points and has pointed. */
export function registerPromotions(program: Command): void {
  program
    .command("promotions")
    .description("print where a tag of a template has pointed, newest first")
    .argument("<ref>", "name:tag or namespace/name:tag; without a tag, the default one")
    .option("--limit <number>", "maximum number of moves to print, 1 to 1000", parseLimit, 20)
    .option("--json", "print {template, tag, buildId, source, moves: [{at?, from?, to, by?}], hasMore}")
    .addHelpText("after", HELP)
    .action(
      action(async (signal, ref: string, { limit, json }: { limit: number; json?: boolean }) => {
        await using client = new NullspaceClient();
        const history = await tagHistory(client, ref, { limit, signal });
        await (json ? printJson(history, signal) : print(historyTable(history), signal));
      }),
    );
}

const HELP = `
Exit codes: 0 the history is printed, 1 the service has no such template or tag, or does not answer, 2 the reference or an
option is wrong.

  pulumi-nullspace promotions web:prod
  pulumi-nullspace promotions acme/web:prod --limit 5 --json
`;

function parseLimit(value: string): number {
  const limit = Number(value);
  if (/^\d+$/.test(value) && limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError("It must be a whole number from 1 to 1000.");
}
