import { isRecord, UNKNOWN } from "../core/unknown.ts";

/**
 * Texts that stand for a value that is not known yet, one for each kind of value: text, boolean, number, array, asset,
 * archive, object (`sdk/go/common/resource/plugin/rpc.go`). The Node SDK knows only the first; any of them may arrive.
 */
const UNKNOWN_TEXTS: ReadonlySet<string> = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** The text that stands for an unknown value in what we send. */
export const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Does the text stand for an unknown value? */
export function isUnknownText(value: unknown): boolean {
  return typeof value === "string" && UNKNOWN_TEXTS.has(value);
}

/** Puts `UNKNOWN` in place of the texts, all the way down. */
export function revealUnknowns(value: unknown): unknown {
  if (isUnknownText(value)) return UNKNOWN;
  return mapMembers(value, revealUnknowns);
}

function mapMembers(value: unknown, map: (member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  if (!isRecord(value)) return value;
  // The engine's wire has no undefined: an absent member is left out.
  const present = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(present.map(([key, member]) => [key, map(member)]));
}
