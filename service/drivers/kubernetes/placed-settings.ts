import { createHash } from "node:crypto";
import type { PodSettings } from "./pod-object.ts";
import { refused } from "./start-verdict.ts";

/** What the pods of a placement are made with. @returns `undefined` when there is none of that name */
export function placedSettings(settings: PodSettings, name: string | undefined): PodSettings | undefined {
  if (name === undefined) return settings;
  const placement = settings.placements?.get(name);
  if (placement === undefined) return undefined;
  const { runtimeClass, nodeSelector, tolerations, cpuOvercommit } = placement;
  return {
    ...settings,
    ...(runtimeClass !== undefined && { runtimeClass }),
    ...(nodeSelector !== undefined && { nodeSelector }),
    ...(tolerations !== undefined && { tolerations }),
    ...(cpuOvercommit !== undefined && { cpuOvercommit }),
  };
}

/** As {@link placedSettings}. @throws MachineRefusedError when there is none of that name: its machines start nowhere else */
export function settingsOf(settings: PodSettings, name: string | undefined): PodSettings {
  const placed = placedSettings(settings, name);
  if (placed !== undefined) return placed;
  throw refused(`the placement "${name}" is not defined (see --placements)`, {});
}

/**
 * A digest of what pods have of each placement. What its policy allows is not in it: that is changed under the pods that there
 * are.
 */
export function placementKeys(settings: PodSettings): ReadonlyMap<string, string> {
  const names = [...(settings.placements?.keys() ?? [])];
  return new Map(names.map((name) => [name, keyOf(name, placedSettings(settings, name) ?? settings)]));
}

function keyOf(name: string, { runtimeClass, nodeSelector = {}, tolerations = [], cpuOvercommit = 1 }: PodSettings) {
  const labels = Object.entries(nodeSelector).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const taints = tolerations.map(({ key, operator, value, effect }) => [key, operator, value ?? "", effect]);
  const facts = [name, runtimeClass, labels, taints, cpuOvercommit];
  return `pk1_${createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 32)}`;
}
