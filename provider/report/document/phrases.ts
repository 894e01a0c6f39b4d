import { sameValue } from "../../core/property-diff.ts";
import type { Emptiness, PoolFact, TagFact, TemplateFact } from "../facts/report.ts";

// What a reader is told of each fact.

export const MAY_BE_REPLACED = "it may be replaced: that depends on a value that is not known yet";

export const EMPTY: Readonly<Record<Emptiness, string>> = {
  never: "never",
  "one start": "yes, for as long as one start takes",
  "until filled": "until its first machines are ready",
  "may be": "at any time: it keeps none ready",
  disabled: "it gives out no machines",
  gone: "it is gone",
  unknown: "not known yet",
};

export const ALIAS: Readonly<Record<TemplateFact["action"], string>> = {
  create: "new",
  rebuild: "updated",
  update: "stands for",
  replace: "gets another name",
  delete: "removed",
  import: "imported",
  retain: "retained",
};

export function describeTemplate(action: TemplateFact["action"], certain: boolean): string {
  switch (action) {
    case "create":
      return "a new template, built for the first time";
    case "rebuild":
      return certain
        ? "a new build, in place"
        : "a new build, in place, unless what is not known yet turns out to be as it was";
    case "update":
      return "updated in place, without a build";
    case "replace":
      return "**replaced** by another template, which is built for the first time";
    case "delete":
      return "**deleted**, with its builds and tags";
    case "retain":
      return "retained: it stays at the service, with its builds and tags";
    case "import":
      return "imported as it is";
  }
}

export function describePool({ action, rolls, certain }: PoolFact): string {
  if (action === "create") return "new";
  if (action === "delete" || action === "retain") return "**deleted**";
  if (action === "replace") return "**replaced**";
  const follows = action === "follow" ? "follows the tag: " : "";
  if (rolls === "yes") return `${follows}its machines are replaced`;
  if (rolls === "maybe") return `${follows}its machines may be replaced`;
  return certain ? "updated; its machines stay" : "may be updated; its machines stay";
}

export function tagNote({ from, to, certain, action }: Pick<TagFact, "from" | "to" | "certain" | "action">): string {
  if (action === "replace" && to === null) return "it gets another name";
  if (from !== null && sameValue(from, to)) return "it stays on its build, under the template's new name";
  return certain ? "" : "it may stay where it is";
}

export function machines({ minReady, maxReady }: PoolFact): string {
  if (minReady === undefined || maxReady === undefined) return "";
  return minReady === maxReady ? String(minReady) : `${minReady} to ${maxReady}`;
}
