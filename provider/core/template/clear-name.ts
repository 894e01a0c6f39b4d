import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { isTerminalStatus } from "../../../sdk/wire/index.ts";
import type { OperationContext } from "../operation-context.ts";
import { isOwnMark, type Mark } from "../ownership/mark.ts";
import { readBuildTag } from "../ownership/owner-tags.ts";
import { describeOwner } from "../ownership/takeover-ways.ts";
import { orGone } from "../service-errors.ts";
import { buildHistory, ownerOf } from "./build-history.ts";
import { holderOf } from "./name-holder.ts";

/**
 * Frees a name of what an interrupted run of the resource itself has left there: a template that never went live.
 *
 * @returns who holds the name, in words; undefined when it is free
 */
export async function clearName(
  client: NullspaceClient,
  ref: string,
  context: OperationContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const owners: (Mark | undefined)[] = [];
  const unfinished: string[] = [];
  for await (const build of buildHistory(client, ref, signal)) {
    owners.push(ownerOf(build)?.mark);
    if (!isTerminalStatus(build.status)) unfinished.push(build.build_id);
  }
  const tags = (await orGone(client.templates.listTags(ref, { signal }))) ?? [];
  const isLive = tags.some(({ tag }) => readBuildTag(tag) === undefined);
  const holder = await holderOf(client, ref, signal);
  if (owners.length === 0 || isLive) {
    if (holder === undefined) return "the name is taken";
    return holder === ref ? "there is a template of that name" : `it is another name of ${holder}`;
  }
  const stranger = owners.find((owner) => !isOwnMark(context, owner));
  if (owners.some((owner) => !isOwnMark(context, owner))) {
    return (
      `an unfinished template has it, which ${describeOwner(stranger, context.mark)}; ` +
      `if an interrupted pulumi up has left it, delete ${holder ?? ref}`
    );
  }
  for (const buildId of unfinished) {
    await orGone(client.builds.cancel(buildId, { reason: "left by an interrupted pulumi up", signal }));
  }
  await orGone(client.templates.delete(ref, { signal }));
  context.log("info", `deleted what an interrupted run of this resource had left as ${ref}`);
  return undefined;
}
