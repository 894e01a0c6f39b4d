import { formatPropertyPath, type PropertyPath } from "../../core/property-path.ts";
import { isRecord } from "../../core/unknown.ts";
import { describeReasons } from "../../core/template/build-forecast.ts";
import { readStatusLine } from "../../dynamic/status-output.ts";
import type { Diagnostic } from "../preview/preview.ts";
import { changesOf, valueAt, type ResourceChange } from "../preview/resource-change.ts";
import { nameOf, TYPE_NAMES } from "../preview/resource-type.ts";
import type { SettledChange } from "../preview/settle-unknowns.ts";
import { HIDDEN, HIDDEN_ANEW, isHidden } from "../preview/shown-values.ts";
import type { MessageFact } from "./report.ts";

/** What was said, sorted by whom it is about and how much it matters. */
export interface Said {
  warnings: MessageFact[];
  errors: MessageFact[];
  notes: MessageFact[];
  /** Everything about a resource, by its URN. */
  byUrn: ReadonlyMap<string, readonly string[]>;
}

/** Sorts what a preview said. Dynamic resources speak in lines of their process, which name them. */
export function sortMessages(diagnostics: readonly Diagnostic[], changes: readonly SettledChange[]): Said {
  const said = { warnings: [] as MessageFact[], errors: [] as MessageFact[], notes: [] as MessageFact[] };
  const byUrn = new Map<string, string[]>();
  for (const diagnostic of diagnostics) {
    const line = diagnostic.urn === undefined ? readStatusLine(diagnostic.message, TYPE_NAMES) : undefined;
    const urn = diagnostic.urn ?? (line && speakerOf(line, changes)?.urn);
    const text = line?.message ?? diagnostic.message;
    const severity = line?.severity ?? diagnostic.severity;
    // What Pulumi says of itself (which plugin it uses) is not about the change.
    if (severity !== "error" && urn === undefined && line === undefined) continue;
    if (urn !== undefined) byUrn.set(urn, [...(byUrn.get(urn) ?? []), text]);
    if (
      isForecast(
        text,
        changes.find((change) => change.urn === urn),
      )
    )
      continue;
    const resource = urn === undefined ? (line?.name ?? line?.type) : nameOf(urn);
    const list = severity === "error" ? said.errors : severity === "warning" ? said.warnings : said.notes;
    const fact: MessageFact = { kind: "said", ...(resource && { resource }), text };
    if (!list.some((other) => other.resource === resource && other.text === text)) list.push(fact);
  }
  for (const list of Object.values(said)) list.sort(byResource);
  return { ...said, byUrn };
}

/** What the preview shows and nobody says: secrets in build arguments, and what is not as the last update left it. */
export function ownWarnings(changes: readonly SettledChange[], said: readonly MessageFact[]): MessageFact[] {
  return changes.flatMap((change) => [...secretArguments(change, said), ...driftOf(change)]);
}

function secretArguments({ controller, wanted, name }: ResourceChange, said: readonly MessageFact[]): MessageFact[] {
  if (controller.type !== "Template") return [];
  const paths = hiddenPaths(wanted?.inputs.buildArgs, ["buildArgs"]).map(formatPropertyPath);
  // The provider names the same arguments, unless it was not asked.
  const isSaid = said.some(({ resource, text }) => resource === name && paths.every((path) => text.includes(path)));
  if (paths.length === 0 || isSaid) return [];
  const text = `${paths.join(", ")}: a secret in a build argument can be read by everyone who has the image`;
  return [{ kind: "secret build argument", resource: name, text }];
}

function hiddenPaths(value: unknown, path: PropertyPath): PropertyPath[] {
  if (isHidden(value)) return [path];
  return isRecord(value) ? Object.entries(value).flatMap(([key, member]) => hiddenPaths(member, [...path, key])) : [];
}

function driftOf({ recorded, found, controller, name, op }: ResourceChange): MessageFact[] {
  if (recorded === undefined || found === recorded) return [];
  if (found === undefined)
    return op === "create"
      ? [{ kind: "drift", resource: name, text: "it was deleted at the service; it is created again" }]
      : [];
  return changesOf(controller, recorded, found.inputs).map(({ path }): MessageFact => {
    const [before, now] = [recorded.inputs, found.inputs].map((inputs) => shown(valueAt(inputs, path)));
    const input = formatPropertyPath(path);
    if (controller.type === "TemplateTag" && input === "buildId") {
      const tag = `${String(found.inputs.template)}:${String(found.inputs.tag)}`;
      return { kind: "tag moved", resource: name, text: `somebody else moved ${tag} from ${before} to ${now}` };
    }
    if (controller.type === "Template" && path[0] === "tags") {
      const left = `${before}, of which ${now} are left`;
      return { kind: "tag moved", resource: name, text: `somebody else moved or removed tags: there were ${left}` };
    }
    const text = `${input} is ${now} at the service; the last update left it at ${before}`;
    return { kind: "drift", resource: name, text };
  });
}

/** The resource that a line of the dynamic provider's process is about. */
function speakerOf(
  { type, name }: { type: string; name?: string },
  changes: readonly SettledChange[],
): SettledChange | undefined {
  const speakers = changes.filter(({ controller, inputs, found }) => {
    if (controller.type !== type) return false;
    return name === undefined || inputs.name === name || found?.inputs.name === name;
  });
  return speakers.length === 1 ? speakers[0] : undefined;
}

/** The forecast of a build: what it says is told with the template. */
function isForecast(text: string, change: SettledChange | undefined): boolean {
  const reasons = change?.controller.type === "Template" ? describeReasons(change.changes) : undefined;
  return reasons !== undefined && text.startsWith(reasons);
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  return (typeof value === "string" ? value : JSON.stringify(value)).replaceAll(HIDDEN_ANEW, HIDDEN);
}

function byResource(left: MessageFact, right: MessageFact): number {
  const [a, b] = [left, right].map(({ resource = "", text }) => `${resource}\0${text}`);
  return a! < b! ? -1 : a! > b! ? 1 : 0;
}
