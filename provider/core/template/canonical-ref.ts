import type { NullspaceClient } from "../../../sdk/client/index.ts";

/** What the template is called today. */
export async function canonicalRefOf(client: NullspaceClient, template: string, signal: AbortSignal): Promise<string> {
  const [first] = await client.templates.listTags(template, { signal });
  const ref = first === undefined ? template : `${template}:${first.build_id}`;
  return (await client.templates.get(ref, { signal })).canonical_ref || template;
}
