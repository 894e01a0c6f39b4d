import { ConflictError, NotImplementedError, type NullspaceClient } from "../../../sdk/client/index.ts";
import type { NameClaim } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import { orGone } from "../service-errors.ts";

/**
 * Takes a name for a template that does not exist yet.
 *
 * @returns undefined on a service that has no claims: the build itself will take the name
 * @throws NameTakenError when a template has the name already, or someone else is about to take it
 */
export async function claimName(
  client: NullspaceClient,
  name: string,
  signal: AbortSignal,
): Promise<NameClaim | undefined> {
  try {
    return await client.templates.reserveName(name, { signal });
  } catch (error) {
    const claims = !(error instanceof NotImplementedError);
    if (claims && !(error instanceof ConflictError)) throw error;
    const holder = (await orGone(client.templates.get(name, { signal })))?.canonical_ref;
    if (holder === undefined && !claims) return undefined;
    throw new NameTakenError(holder === undefined ? reserved(name) : taken(name, holder), {
      ref: name,
      holder,
      cause: error,
    });
  }
}

function taken(name: string, holder: string): string {
  return (
    `a template ${holder} exists already, and is not part of this stack. Choose another name than "${name}"; ` +
    `or take it over with pulumi import nullspace:index:Template <resource> ${holder}; or delete it first`
  );
}

function reserved(name: string): string {
  return `the name "${name}" is reserved by someone else, or held by a template that is not ready yet. Choose another, or try again later`;
}
