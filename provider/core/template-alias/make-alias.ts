import { ConflictError, NotImplementedError, type NullspaceClient } from "../../../sdk/client/index.ts";
import { answerTimeout } from "../../../sdk/concurrency/index.ts";
import type { NameClaim } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import { takeoverWays } from "../ownership/takeover-ways.ts";
import { ownersOf } from "../ownership/owner-tags.ts";
import { isLostAnswer, orGone } from "../service-errors.ts";
import { canonicalRefOf, settledRefOf } from "../template/canonical-ref.ts";
import { holderOf } from "../template/name-holder.ts";
import { splitRef } from "../template/settle.ts";
import { releaseName } from "../template/take-name.ts";
import { ownAlias, type AliasPlace } from "./alias-owner.ts";
import type { TemplateAliasInputs, TemplateAliasOutputs } from "./inputs.ts";

const RENAME_BACK_TIMEOUT_MS = 10_000;

/**
 * Makes the alias, or takes over the one that the template has.
 *
 * The service leaves an alias behind when a template is renamed, and has no other way to make one: the template is
 * renamed to the alias and back. Every name resolves at every moment, and a stop between the two is mended by the next
 * call, which finds the template under the alias.
 *
 * @throws NameTakenError when the name belongs to another template, or the alias to another stack
 */
export async function makeAlias(
  client: NullspaceClient,
  { template, alias, adopt }: TemplateAliasInputs,
  context: OperationContext,
  signal: AbortSignal,
): Promise<TemplateAliasOutputs> {
  const { namespace, name } = splitRef(await settledRefOf(client, template, signal));
  const qualify = (text: string) => (namespace === "" ? text : `${namespace}/${text}`);
  const aliasRef = qualify(alias);
  const place = (canonicalRef: string): AliasPlace => ({ template: canonicalRef, alias, aliasRef });

  if (name === alias) {
    const wanted = splitRef(template).name;
    if (wanted === alias) {
      throw new NameTakenError(`"${alias}" is the name of ${template} itself: choose another alias`, {
        ref: aliasRef,
        holder: aliasRef,
      });
    }
    // Stopped between the two renames: the template still has its alias for a name.
    await rename(client, aliasRef, wanted, signal);
    await ownAlias(client, place(qualify(wanted)), { exists: true, adopts: adopt, context, signal });
    return { aliasRef, canonicalRef: qualify(wanted) };
  }
  const canonicalRef = qualify(name);
  const aliases = await client.templates.listAliases(canonicalRef, { signal });
  const exists = aliases.some(({ alias_ref }) => alias_ref === aliasRef);
  if (!exists && adopt) await takeFromOther(client, aliasRef, context, signal);
  const claim = exists ? undefined : await claimAlias(client, aliasRef, canonicalRef, context, signal);
  try {
    await ownAlias(client, place(canonicalRef), { exists, adopts: adopt, context, signal });
    if (!exists) {
      await rename(client, canonicalRef, alias, signal);
      // Not under the operation's signal: a stop must not leave the template under its alias for long.
      using timeout = answerTimeout(RENAME_BACK_TIMEOUT_MS);
      await rename(client, aliasRef, name, timeout.signal);
    }
  } finally {
    if (claim !== undefined) await releaseName(client, claim, context);
  }
  return { aliasRef, canonicalRef };
}

/** Renames; when the answer is lost, a template that has the new name by then is answer enough. */
async function rename(client: NullspaceClient, ref: string, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.templates.rename(ref, name, { signal });
  } catch (error) {
    if (!isLostAnswer(error) || signal.aborted) throw error;
    const { namespace } = splitRef(ref);
    const wanted = namespace === "" ? name : `${namespace}/${name}`;
    if ((await canonicalRefOf(client, ref, signal)) !== wanted) await client.templates.rename(ref, name, { signal });
  }
}

async function claimAlias(
  client: NullspaceClient,
  aliasRef: string,
  template: string,
  context: OperationContext,
  signal: AbortSignal,
): Promise<NameClaim | undefined> {
  try {
    return await client.templates.reserveName(aliasRef, { signal });
  } catch (error) {
    // A service without claims refuses the rename itself when the name is taken.
    if (error instanceof NotImplementedError) return undefined;
    if (!(error instanceof ConflictError)) throw error;
    const holder = await holderOf(client, aliasRef, signal);
    // The claim may be our own, left by a create that was killed: if not, the rename is refused.
    if (holder === undefined) return undefined;
    const isAlias = holder !== aliasRef;
    throw new NameTakenError(
      `${aliasRef} belongs to ${holder}${isAlias ? ", as another name of it" : ""}: choose another alias for ${template}` +
        (isAlias ? `; or ${takeoverWays(context, "TemplateAlias", aliasRef)}` : ", or free that name first"),
      { ref: aliasRef, holder, cause: error },
    );
  }
}

/** Frees an alias of another template, which is to be adopted. A template's own name is not an alias, and is left. */
async function takeFromOther(
  client: NullspaceClient,
  aliasRef: string,
  { log }: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  const holder = await holderOf(client, aliasRef, signal);
  if (holder === undefined || holder === aliasRef) return;
  const owners = ownersOf(await client.templates.listTags(holder, { signal }), "alias", splitRef(aliasRef).name);
  for (const { tag } of owners) await orGone(client.templates.removeTag(holder, tag.tag, { signal }));
  await orGone(client.templates.removeAlias(holder, aliasRef, { signal }));
  log("info", `taking over the alias ${aliasRef} from ${holder}`);
}
