import { ConflictError, type NullspaceClient } from "../../../sdk/client/index.ts";
import { parseTemplateRef, type Visibility } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import { clearName } from "./clear-name.ts";

/** The two parts of a canonical reference. */
export function splitRef(ref: string): { namespace: string; name: string } {
  const parsed = parseTemplateRef(ref);
  return parsed.kind === "artifact"
    ? { namespace: "", name: parsed.templateId }
    : { namespace: parsed.namespace ?? "", name: parsed.name };
}

/**
 * Gives the template its name. The old one stays behind as an alias, so nobody who uses it notices.
 *
 * @returns the canonical reference, changed or not
 * @throws NameTakenError when another template has the name
 */
export async function settleName(
  client: NullspaceClient,
  ref: string,
  name: string,
  context: OperationContext,
  signal: AbortSignal,
): Promise<string> {
  const { namespace, name: current } = splitRef(ref);
  if (current === name) return ref;
  const wanted = namespace === "" ? name : `${namespace}/${name}`;
  try {
    return (await client.templates.rename(ref, name, { signal })).canonical_ref || wanted;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const aliases = await client.templates.listAliases(ref, { signal });
    if (!aliases.some(({ alias_ref }) => alias_ref === wanted)) {
      const holder = await clearName(client, wanted, context, signal);
      if (holder !== undefined) {
        throw new NameTakenError(
          `cannot rename ${ref} to ${wanted}: ${holder}. Choose another name, or free that one first`,
          {
            ref: wanted,
            cause: error,
          },
        );
      }
      return (await client.templates.rename(ref, name, { signal })).canonical_ref || wanted;
    }
    // The template goes back to a name that it had before, and that its own alias holds.
    await client.templates.removeAlias(ref, wanted, { signal });
    return (await client.templates.rename(ref, name, { signal })).canonical_ref || wanted;
  }
}

/** Shows the template to those who may see it. */
export async function settleVisibility(
  client: NullspaceClient,
  ref: string,
  { wanted, current, signal }: { wanted: Visibility; current: string | undefined; signal: AbortSignal },
): Promise<void> {
  if (current === wanted) return;
  await client.templates.setVisibility(ref, wanted, { signal });
}
