import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { isTerminalStatus } from "../../../sdk/wire/index.ts";
import { NotOwnedError } from "../../errors.ts";
import type { DeleteRequest } from "../controller.ts";
import type { Properties } from "../properties.ts";
import { startDeadline } from "../deadline.ts";
import type { OperationContext } from "../operation-context.ts";
import { clientFor } from "../provider-config.ts";
import { isOwnMark } from "../ownership/mark.ts";
import { orGone } from "../service-errors.ts";
import { buildHistory, ownerOf } from "./build-history.ts";
import type { BuildAttempt } from "./outputs.ts";
import { dropBuild } from "./produce-build.ts";
import { splitRef } from "./settle.ts";
import { ownedByOtherStacks, standingOf, tagsOfNobody } from "./still-owned.ts";
import { CALL_TIMEOUT_MS } from "../timeouts.ts";

/**
 * Deletes the template that the state knows, and no other: one that has been made under the same name since, and one that
 * the resource's own successor goes on with, are left.
 */
export async function deleteTemplate({ id, inputs, outputs }: DeleteRequest, context: OperationContext): Promise<void> {
  const client = clientFor(context.config);
  using deadline = startDeadline(context, "delete", CALL_TIMEOUT_MS);
  const { signal } = deadline;
  const ref = typeof outputs.canonicalRef === "string" ? outputs.canonicalRef : id;
  if (inputs.deletionPolicy === "retain") {
    context.log("info", `template ${ref} is left in place: its deletionPolicy is retain`);
    return;
  }
  if (context.declared.of(context.mark)?.name === splitRef(ref).name) {
    context.log("info", `template ${ref} is kept: the program still has it`);
    return;
  }
  const tags = (await orGone(client.templates.listTags(ref, { signal }))) ?? [];
  const standing = await standingOf(client, ref, { tags, outputs }, context, signal);
  if (standing.kind === "gone") return;
  if (standing.kind !== "ours") {
    const why = standing.kind === "adopted" ? "another resource has adopted it" : "it is a newer template of that name";
    context.log("warning", `template ${ref} is left in place: ${why}`);
    return;
  }
  const aliases = (await orGone(client.templates.listAliases(ref, { signal }))) ?? [];
  const needed = ownedByOtherStacks(
    tags,
    aliases.map(({ alias_ref }) => splitRef(alias_ref).name),
    context,
  );
  if (needed.length > 0) {
    throw new NotOwnedError(
      `template ${ref} is not deleted: another Pulumi stack needs its ${needed.join(", ")}. Destroy or change that there ` +
        "first; or leave the template in place with the option retainOnDelete",
      ref,
    );
  }
  for (const { tag, build_id } of tagsOfNobody(tags, Array.isArray(inputs.tags) ? inputs.tags : [])) {
    context.log(
      "warning",
      `template ${ref} is deleted with its tag "${tag}" (${build_id}), which somebody else has set`,
    );
  }
  await dropUnfinished(client, ref, outputs, context, signal);
  await orGone(client.templates.delete(ref, { signal }));
}

/** Stops the resource's own builds that have not ended. */
async function dropUnfinished(
  client: NullspaceClient,
  ref: string,
  { buildId, attempt }: Properties,
  context: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  for await (const build of buildHistory(client, ref, signal)) {
    // Everything newer than the live build has been seen: what has not ended is newer.
    if (build.build_id === buildId) break;
    if (isTerminalStatus(build.status)) continue;
    const isOurs =
      build.build_id === (attempt as BuildAttempt | undefined)?.buildId || isOwnMark(context, ownerOf(build)?.mark);
    if (isOurs) await dropBuild(client, build.build_id, signal);
  }
}
