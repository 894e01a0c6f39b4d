import { isSure, type SettledChange } from "../preview/settle-unknowns.ts";
import { actionOf } from "./action.ts";
import { buildAt, knownBuild } from "./build-fact.ts";
import { inputFacts } from "./input-facts.ts";
import { followedMove } from "./followed-move.ts";
import type { Emptiness, PoolFact, TagFact } from "./report.ts";

/** Inputs that say which build a pool's machines are of. */
const OF_BUILD: readonly unknown[] = ["template", "versionPolicy", "trackTag", "buildId"];

/** Inputs that say what a machine is like: one of another kind is another machine. */
const OF_MACHINE: readonly unknown[] = ["vcpus", "memoryMib", "diskMb"];

/**
 * What becomes of a pool; undefined when nothing does.
 *
 * @param tags what becomes of the stack's tags: a pool may follow one
 */
export function poolFact(change: SettledChange, tags: readonly TagFact[]): PoolFact | undefined {
  const { found, inputs, name } = change;
  const followed = change.op === "same" || change.op === "update" ? followedMove(change, tags) : undefined;
  const action = actionOf(change) ?? (followed && "follow");
  if (action === undefined) return undefined;
  const isLeaving = action === "delete" || action === "retain";
  const sizes = isLeaving ? found?.inputs : inputs;
  const [minReady, maxReady] = [number(sizes?.minReady), number(sizes?.maxReady)];
  const isOwnSure = action !== "update" || change.changes.some(({ path }) => isSure(change, path));
  const rolls = isLeaving || found === undefined ? "no" : surest(rollOf(change), followed && rollWith(followed));
  const from = found?.outputs.resolvedBuildId ?? found?.inputs.buildId;
  return {
    resource: name,
    pool: [sizes?.name, name].find((text) => typeof text === "string") ?? name,
    action,
    certain: action === "follow" ? followed!.certain : isOwnSure,
    inputs: found === undefined || isLeaving ? [] : inputFacts(change),
    rolls,
    ...(typeof from === "string" && { from: knownBuild(from) }),
    ...(!isLeaving && inputs.buildId !== undefined && { to: buildAt(change, ["buildId"]) }),
    ...(followed?.to && { to: followed.to }),
    ...(minReady !== undefined && { minReady }),
    ...(maxReady !== undefined && { maxReady }),
    empty: emptiness(action, sizes?.enabled !== false, minReady, maxReady),
  };
}

function surest(own: PoolFact["rolls"], followed: PoolFact["rolls"] = "no"): PoolFact["rolls"] {
  return own === "yes" || followed === "no" ? own : followed;
}

function rollWith({ certain }: TagFact): PoolFact["rolls"] {
  return certain ? "yes" : "maybe";
}

/** Do machines give way to others, because of the build or of their own size? */
function rollOf(change: SettledChange): PoolFact["rolls"] {
  const { changes, found, inputs } = change;
  if (changes.some(({ path }) => OF_MACHINE.includes(path[0]) && isSure(change, path))) return "yes";
  const ofBuild = changes.filter(({ path: [key] }) => OF_BUILD.includes(key) || OF_MACHINE.includes(key));
  // The build is the one that the machines are of: the template has only got another name.
  const isNameAlone = ofBuild.every(({ path: [key] }) => key === "template");
  if (isNameAlone && inputs.buildId !== undefined && inputs.buildId === found?.outputs.resolvedBuildId) return "no";
  if (ofBuild.length === 0) return "no";
  return ofBuild.some(({ path }) => path[0] === "buildId" && isSure(change, path)) ? "yes" : "maybe";
}

/**
 * When a pool has no ready machine to give: machines are replaced by starting new ones beside the old, up to `maxReady`;
 * where that leaves no room, one at a time makes room first.
 */
function emptiness(
  action: PoolFact["action"],
  isEnabled: boolean,
  minReady: number | undefined,
  maxReady: number | undefined,
): Emptiness {
  if (action === "delete" || action === "retain") return "gone";
  if (!isEnabled) return "disabled";
  if (minReady === undefined || maxReady === undefined) return "unknown";
  if (minReady === 0) return "may be";
  if (action === "create" || action === "replace") return "until filled";
  return minReady === 1 && maxReady === 1 ? "one start" : "never";
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
