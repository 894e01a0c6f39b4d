import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { pause } from "../../../sdk/concurrency/index.ts";
import { ownersOf } from "../ownership/owner-tags.ts";
import { orGone } from "../service-errors.ts";
import { splitRef } from "./settle.ts";

const LOOKS = 4;
const LOOK_INTERVAL_MS = 500;

/** What the template is called today. */
export async function canonicalRefOf(client: NullspaceClient, template: string, signal: AbortSignal): Promise<string> {
  const [first] = await client.templates.listTags(template, { signal });
  const ref = first === undefined ? template : `${template}:${first.build_id}`;
  return (await client.templates.get(ref, { signal })).canonical_ref || template;
}

/** Do both names lead to one template? False when one of them leads nowhere. */
export async function isOneTemplate(
  client: NullspaceClient,
  left: string,
  right: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (left === right) return true;
  const [a, b] = await Promise.all([left, right].map((ref) => orGone(canonicalRefOf(client, ref, signal))));
  return a !== undefined && a === b;
}

/**
 * What the template is called when no alias of it is being made: for that it is renamed to the alias and back, and goes by it
 * for a moment. So a name other than the given one that a resource owns as an alias is looked at again before it is taken
 * for the template's own.
 *
 * @param known what it was called a moment ago, where that is known
 */
export async function settledRefOf(
  client: NullspaceClient,
  template: string,
  signal: AbortSignal,
  known?: string,
): Promise<string> {
  let current = known ?? (await canonicalRefOf(client, template, signal));
  for (let look = 1; look < LOOKS; look++) {
    const { name } = splitRef(current);
    if (name === splitRef(template).name) break;
    if (ownersOf(await client.templates.listTags(current, { signal }), "alias", name).length === 0) break;
    await pause(LOOK_INTERVAL_MS, signal);
    current = await canonicalRefOf(client, template, signal);
  }
  return current;
}
