import { NullspaceClient } from "pulumi-nullspace/sdk";
import type { TemplateBuildSummary } from "pulumi-nullspace/wire";
import { UsageError } from "../usage-error.ts";
import { paintState } from "./paint.ts";
import { printJson, printLine } from "./print.ts";
import { table } from "./table.ts";

const DEFAULT_LIMIT = 20;

/** `builds [TEMPLATE]`: the newest builds of a template, or of all. */
export async function buildsCommand(
  template: string | undefined,
  { json, limit }: { json?: boolean; limit?: string },
): Promise<void> {
  const query = { limit: readLimit(limit) };
  await using client = new NullspaceClient();
  const { builds } = await (template === undefined
    ? client.builds.listAll(query)
    : client.builds.list(template, query));
  if (json === true) printJson({ builds });
  else printLine(builds.length === 0 ? "There are no builds." : asTable(builds));
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  if (!/^(?:[1-9]\d?|100)$/.test(text)) throw new UsageError(`--limit ${text} is not a number of builds (1 to 100).`);
  return Number(text);
}

function asTable(builds: readonly TemplateBuildSummary[]): string {
  return table(
    ["BUILD", "TEMPLATE", "TAGS", "STATE", "TOOK", "CREATED"],
    builds.map(({ build_id, name, tags, status, duration_ms, failure_phase, created_at }) => [
      build_id,
      name,
      tags.join(", "),
      stateCell(status, failure_phase ?? undefined),
      duration_ms == null ? "" : inSeconds(duration_ms),
      `${created_at.slice(0, 16)}Z`,
    ]),
  );
}

function stateCell(status: string, phase: string | undefined): { text: string; look: string } {
  const text = phase === undefined ? status : `${status} (${phase})`;
  return { text, look: paintState(status, text) };
}

function inSeconds(ms: number): string {
  const seconds = ms / 1_000;
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
