import type { Properties } from "../../core/properties.ts";
import type { PropertyChange } from "../../core/property-diff.ts";
import { formatPropertyPath, type PropertyPath } from "../../core/property-path.ts";
import { hasUnknown, isRecord, UNKNOWN } from "../../core/unknown.ts";
import { changesOf, valueAt, type ResourceChange } from "./resource-change.ts";

/** A change, and what is known of it when what must stay as it is has been taken for known. */
export interface SettledChange extends ResourceChange {
  /** The wanted inputs; `UNKNOWN` only where nothing tells what they will be. */
  inputs: Properties;
  /** What an update changes; empty for the other operations, and where the update has nothing to do after all. */
  changes: readonly PropertyChange[];
  /** Where an unknown input comes from, by its path. */
  origins: ReadonlyMap<string, Origin>;
}

/** Where the value of an unknown input comes from. */
export interface Origin {
  /** The resource, and the output of it that the value is, or holds. */
  resource: SettledChange;
  output: string;
  /** The output gets another value for certain. */
  isCertain: boolean;
}

/** Outputs by which resources refer to each other. */
const REFERRING = ["canonicalRef", "ref", "aliasRef", "buildId", "resolvedBuildId", "templateId", "poolId"] as const;

/** These outputs are others after a replacement, and after a build. */
const OF_BUILD: readonly string[] = ["buildId", "resolvedBuildId", "templateId"];

/**
 * Takes for known what the preview calls unknown and what stays as it is all the same. No dynamic provider can promise
 * outputs in a preview, so there every output of a resource that changes counts as unknown, and all that is made of it as
 * changing. What the provider itself would promise tells which of these stay.
 */
export function settleUnknowns(changes: readonly ResourceChange[]): SettledChange[] {
  const byUrn = new Map(changes.filter(({ wanted }) => wanted !== undefined).map((change) => [change.urn, change]));
  const settled = new Map<ResourceChange, SettledChange>();
  const settle = (change: ResourceChange, above: readonly ResourceChange[] = []): SettledChange => {
    const done = settled.get(change);
    if (done !== undefined) return done;
    const sourcesOf = (input: string): SettledChange[] => {
      const { dependencies } = change.wanted ?? {};
      const found =
        dependencies === undefined
          ? [...byUrn.values()].filter((each) => mayBeSource(each, change))
          : (dependencies[input] ?? []).map((urn) => byUrn.get(urn)).filter((each) => each !== undefined);
      return found
        .filter((each) => each !== change && !above.includes(each))
        .map((each) => settle(each, [...above, change]));
    };
    const result = settleOne(change, sourcesOf);
    settled.set(change, result);
    return result;
  };
  return changes.map((change) => settle(change));
}

/** Where the engine does not tell what depends on what: the kinds of resources do, in this order. */
const ORDER: readonly string[] = ["Template", "TemplateTag", "TemplateAlias", "WarmPool"];

function mayBeSource(source: ResourceChange, user: ResourceChange): boolean {
  const [first, second] = [source, user].map(({ controller }) => ORDER.indexOf(controller.type));
  return first! < second! || (first === 0 && second === 0);
}

function settleOne(change: ResourceChange, sourcesOf: (input: string) => readonly SettledChange[]): SettledChange {
  const origins = new Map<string, Origin>();
  const fill = (value: unknown, path: PropertyPath): unknown => {
    if (value === UNKNOWN) {
      const { known, origin } = lookUp(valueAt(change.recorded?.inputs, path), sourcesOf(String(path[0])), path);
      if (origin !== undefined) origins.set(formatPropertyPath(path), origin);
      return known;
    }
    if (Array.isArray(value)) return value.map((member, index) => fill(member, [...path, index]));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fill(member, [...path, key])]));
  };
  const inputs = fill(change.wanted?.inputs ?? {}, []) as Properties;
  const isUpdate = change.op === "update" && change.found !== undefined;
  const changes = isUpdate ? changesOf(change.controller, change.found!, inputs) : [];
  return { ...change, inputs, changes, origins };
}

/** What an unknown input will be, seen from what it was: that was made of outputs of its sources, which may stay. */
function lookUp(
  before: unknown,
  sources: readonly SettledChange[],
  [input]: PropertyPath,
): { known: unknown; origin?: Origin } {
  const origin = (resource: SettledChange, output: string): Origin => ({
    resource,
    output,
    isCertain: changesForCertain(resource, output),
  });
  if (typeof before !== "string") {
    const [only] = sources;
    // What is made with its source has no value from before; the names say what it is.
    const output = input === "buildId" ? "buildId" : "canonicalRef";
    return only === undefined || sources.length > 1
      ? { known: UNKNOWN }
      : { known: UNKNOWN, origin: origin(only, output) };
  }
  const parts = sources
    .flatMap((resource) => REFERRING.map((output) => ({ resource, output, text: resource.recorded?.outputs[output] })))
    .filter((part): part is { resource: SettledChange; output: (typeof REFERRING)[number]; text: string } => {
      return typeof part.text === "string" && part.text !== "" && before.includes(part.text);
    })
    // The longest first: `acme/web` is a part of `acme/web:stable`.
    .toSorted((a, b) => b.text.length - a.text.length || Number(b.output === input) - Number(a.output === input));
  if (parts.length === 0) return { known: UNKNOWN };
  let rest = before;
  let made = before;
  for (const { resource, output, text } of parts) {
    if (!rest.includes(text)) continue;
    rest = rest.replaceAll(text, "\0");
    const promised = promisedOutput(resource, output);
    if (typeof promised !== "string") return { known: UNKNOWN, origin: origin(resource, output) };
    made = made.replaceAll(text, promised);
  }
  return { known: made };
}

/** An output after the change, as far as the provider promises it. */
export function promisedOutput(change: SettledChange, output: string): unknown {
  const { controller, found, inputs, op } = change;
  if (op === "same") return found?.outputs[output];
  if (op !== "update" || found === undefined) return inputs[output];
  const request = { oldInputs: found.inputs, oldOutputs: found.outputs, newInputs: inputs };
  return controller.promise({ id: found.id ?? "", ...request })[output];
}

function changesForCertain({ op, changes, inputs, origins }: SettledChange, output: string): boolean {
  if (op !== "update") return true;
  if (!OF_BUILD.includes(output)) return false;
  return changes.some(({ path, effect }) => {
    const isOfBuild = effect === "rebuild" || effect === "replace" || path[0] === "buildId";
    return isOfBuild && isSure({ inputs, origins }, path);
  });
}

/** Is the input at the path another one for certain? One that is not known yet may turn out to be what it was. */
export function isSure({ inputs, origins }: Pick<SettledChange, "inputs" | "origins">, path: PropertyPath): boolean {
  if (!hasUnknown(valueAt(inputs, path))) return true;
  return origins.get(formatPropertyPath(path))?.isCertain === true;
}
