import { ConflictError, NotImplementedError, type NullspaceClient } from "../../../sdk/client/index.ts";
import type { NameClaim } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import type { Log } from "../operation-context.ts";
import { explain } from "../explain.ts";
import { orGone } from "../service-errors.ts";
import { splitRef } from "../template/settle.ts";
import type { TemplateAliasInputs, TemplateAliasOutputs } from "./inputs.ts";

const RENAME_BACK_TIMEOUT_MS = 10_000;

/**
 * Makes the alias, or takes over the one that the template has.
 *
 * The service leaves an alias behind when a template is renamed, and has no other way to make one: the template is
 * renamed to the alias and back. Every name resolves at every moment, and a stop between the two is mended by the next
 * call, which finds the template under the alias.
 *
 * @throws NameTakenError when the name belongs to another template
 */
export async function makeAlias(
  client: NullspaceClient,
  { template, alias }: TemplateAliasInputs,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<TemplateAliasOutputs> {
  const [first] = await client.templates.listTags(template, { signal });
  const current = await client.templates.get(first === undefined ? template : `${template}:${first.build_id}`, {
    signal,
  });
  const { namespace, name } = splitRef(current.canonical_ref || template);
  const aliasRef = namespace === "" ? alias : `${namespace}/${alias}`;
  const qualify = (text: string) => (namespace === "" ? text : `${namespace}/${text}`);

  if (name === alias) {
    const wanted = splitRef(template).name;
    if (wanted === alias) {
      throw new NameTakenError(`"${alias}" is the name of ${template} itself: choose another alias`, {
        ref: aliasRef,
        holder: aliasRef,
      });
    }
    // Stopped between the two renames: the template still has its alias for a name.
    await client.templates.rename(aliasRef, wanted, { signal });
    return { aliasRef, canonicalRef: qualify(wanted) };
  }
  const canonicalRef = qualify(name);
  const aliases = await client.templates.listAliases(canonicalRef, { signal });
  if (aliases.some(({ alias_ref }) => alias_ref === aliasRef)) return { aliasRef, canonicalRef };

  const claim = await claimAlias(client, aliasRef, canonicalRef, signal);
  try {
    await client.templates.rename(canonicalRef, alias, { signal });
    // Not under the operation's signal: a stop must not leave the template under its alias for long.
    await client.templates.rename(aliasRef, name, { signal: AbortSignal.timeout(RENAME_BACK_TIMEOUT_MS) });
  } finally {
    if (claim !== undefined) await release(client, claim, log);
  }
  return { aliasRef, canonicalRef };
}

async function claimAlias(
  client: NullspaceClient,
  aliasRef: string,
  template: string,
  signal: AbortSignal,
): Promise<NameClaim | undefined> {
  try {
    return await client.templates.reserveName(aliasRef, { signal });
  } catch (error) {
    // A service without claims refuses the rename itself when the name is taken.
    if (error instanceof NotImplementedError) return undefined;
    if (!(error instanceof ConflictError)) throw error;
    const holder = (await orGone(client.templates.get(aliasRef, { signal })))?.canonical_ref;
    throw new NameTakenError(
      holder === undefined
        ? `the name ${aliasRef} is reserved by someone else: choose another alias for ${template}, or try again later`
        : `${aliasRef} belongs to ${holder}: choose another alias for ${template}, or remove that one first`,
      { ref: aliasRef, holder, cause: error },
    );
  }
}

async function release(client: NullspaceClient, claim: NameClaim, log: Log): Promise<void> {
  try {
    await orGone(client.templates.releaseName(claim.claim_token, { signal: AbortSignal.timeout(5_000) }));
  } catch (error) {
    // The alias is made, or its own error is on the way; the claim ends by itself.
    log("debug", `the claim of ${claim.canonical_ref} could not be released: ${explain(error)}`);
  }
}
