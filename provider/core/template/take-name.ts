import { ApiError, ConflictError, NotImplementedError, type NullspaceClient } from "../../../sdk/client/index.ts";
import { answerTimeout } from "../../../sdk/concurrency/index.ts";
import { isTerminalStatus, type NameClaim } from "../../../sdk/wire/index.ts";
import { NameTakenError } from "../../errors.ts";
import { explain } from "../explain.ts";
import type { OperationContext } from "../operation-context.ts";
import { isOwnMark, isOwnStack, type Mark } from "../ownership/mark.ts";
import { requireLeft } from "../ownership/living-owner.ts";
import { ownersOf, readBuildTag } from "../ownership/owner-tags.ts";
import { describeOwner, ownMarkNotice, takeoverWays } from "../ownership/takeover-ways.ts";
import { ownNamespace } from "../service-identity/own-namespace.ts";
import { orGone } from "../service-errors.ts";
import { buildHistory, ownerOf } from "./build-history.ts";
import { splitRef } from "./settle.ts";

/** What is tidied up behind an operation that ended waits no longer for each answer. */
const TAKE_BACK_TIMEOUT_MS = 10_000;
const RELEASE_TIMEOUT_MS = 5_000;

/** What a create finds under the name that it wants. */
export interface Place {
  /** `free`: nothing; `own`: what an earlier try of this very resource has made; `adopted`: somebody else's, to be taken over. */
  kind: "free" | "own" | "adopted";
  /** `namespace/name`; the bare name where the namespace is not known yet. */
  ref: string;
  /** Holds a free name until the build has it; absent on a service without claims. */
  claim?: NameClaim;
}

/** What is under a name now. */
interface Holder {
  ref: string;
  /** The name is another one of the template. */
  isAlias: boolean;
  /** The other name belongs to a TemplateAlias; one that a rename has left behind belongs to nobody. */
  isOwnedAlias: boolean;
  /** A tag of its own points at a build of it. */
  isLive: boolean;
  isOwn: boolean;
  owner: Mark | undefined;
}

/**
 * Takes a name for a template that is to be made.
 *
 * @param adopt take over what is there, whoever made it
 * @throws NameTakenError when the name belongs to something else
 */
export async function takeName(
  client: NullspaceClient,
  { name, adopt }: { name: string; adopt: boolean },
  context: OperationContext,
  signal: AbortSignal,
): Promise<Place> {
  let own = name;
  for (let look = 0; ; look++) {
    const holder = await findHolder(client, own, context.mark, signal).catch(async (error: unknown) => {
      if (own !== name || !isBuiltinRefusal(error)) throw error;
      own = await qualified(client, name, signal);
      if (own === name) throw error;
      return findHolder(client, own, context.mark, signal);
    });
    if (holder !== undefined) {
      if (!adopt || !(await takeNameAway(client, holder, name, context, signal))) {
        return placeOf(holder, { name, adopt }, context);
      }
    }
    try {
      const claim = await client.templates.reserveName(name, { signal });
      return { kind: "free", ref: claim.canonical_ref, claim };
    } catch (error) {
      if (error instanceof NotImplementedError) return { kind: "free", ref: own };
      if (!(error instanceof ConflictError)) throw error;
      // Taken between the look and the claim: look once more. If there still is nothing, the claim may well be our own,
      // left by a create that was killed; if not, the service refuses the build, or the first build wins.
      if (look > 0) return { kind: "free", ref: own };
    }
  }
}

/** A bare name that a builtin has is that one's, and nobody may ask for its tags. */
function isBuiltinRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.code === "invalid_request";
}

/** The name in one's own namespace, as far as the service tells which that is. */
async function qualified(client: NullspaceClient, name: string, signal: AbortSignal): Promise<string> {
  const namespace = await ownNamespace(client, signal);
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/**
 * Takes an alias away that a rename has left behind, and that no resource owns, so that the name is free.
 *
 * @returns whether it was such a one
 */
async function takeNameAway(
  client: NullspaceClient,
  { ref, isAlias, isOwnedAlias }: Holder,
  name: string,
  { log }: OperationContext,
  signal: AbortSignal,
): Promise<boolean> {
  if (!isAlias || isOwnedAlias) return false;
  const { namespace } = splitRef(ref);
  await orGone(client.templates.removeAlias(ref, namespace === "" ? name : `${namespace}/${name}`, { signal }));
  log("info", `the name ${name} is taken away from template ${ref}`);
  return true;
}

function placeOf(holder: Holder, { name, adopt }: { name: string; adopt: boolean }, context: OperationContext): Place {
  const { ref } = holder;
  if (holder.isOwn) {
    context.log(holder.isLive ? "warning" : "info", ownMarkNotice(`template ${ref}`, holder.isLive));
    return { kind: "own", ref };
  }
  if (adopt && !holder.isAlias) {
    requireLeft(holder.owner, `template ${ref}`, context);
    context.log("info", `taking over template ${ref}`);
    return { kind: "adopted", ref };
  }
  throw new NameTakenError(
    holder.isAlias
      ? `"${name}" is another name of template ${ref}, which ${describeOwner(holder.owner, context.mark)}. Choose another name` +
          (holder.isOwnedAlias ? "" : "; or, to take the name away from that template, set adopt: true")
      : `a template ${ref} exists already, and ${describeOwner(holder.owner, context.mark)}. Choose another name than ` +
          `"${name}"; ${takeoverWays(context, "Template", ref)}; or delete it first`,
    { ref: name, holder: ref },
  );
}

async function findHolder(
  client: NullspaceClient,
  name: string,
  mark: Mark,
  signal: AbortSignal,
): Promise<Holder | undefined> {
  const tags = await orGone(client.templates.listTags(name, { signal }));
  const marks = new Set((tags ?? []).flatMap(({ tag }) => readBuildTag(tag)?.mark ?? []));
  let example: string | undefined = tags?.[0]?.build_id;
  // A template whose first build has not ended has no tags yet: its history tells whose it is. Where there are tags, they do: the
  // history may have a build that this resource took back when another one was first.
  if ((tags?.length ?? 0) === 0) {
    for await (const build of buildHistory(client, name, signal)) {
      example ??= build.build_id;
      const owner = ownerOf(build)?.mark;
      if (owner !== undefined) marks.add(owner);
      if (marks.has(mark)) break;
    }
  }
  if (example === undefined) {
    const info = await orGone(client.templates.get(name, { signal }));
    // A builtin's name is free in one's own namespace.
    if (info === undefined || info.builtin) return undefined;
    const ref = info.canonical_ref || name;
    return { ref, isAlias: false, isOwnedAlias: false, isLive: true, isOwn: false, owner: undefined };
  }
  const ref = (await orGone(client.builds.get(example, { signal })))?.build.canonical_ref || name;
  const isOwn = marks.has(mark);
  return {
    ref,
    isAlias: splitRef(ref).name !== splitRef(name).name,
    isOwnedAlias: ownersOf(tags ?? [], "alias", splitRef(name).name).length > 0,
    isLive: (tags ?? []).some(({ tag }) => readBuildTag(tag) === undefined),
    isOwn,
    owner: [...marks].find((one) => one !== mark),
  };
}

/**
 * Two stacks may have found the same name free. The one whose build was accepted first has it.
 *
 * @param buildId the resource's own first build of the template
 * @throws NameTakenError when another was first; the own build is taken back before
 */
export async function requireFirst(
  client: NullspaceClient,
  { ref, buildId }: { ref: string; buildId: string },
  context: OperationContext,
  signal: AbortSignal,
): Promise<void> {
  let isOlder = false;
  for await (const build of buildHistory(client, ref, signal)) {
    if (build.build_id === buildId) isOlder = true;
    else if (isOlder && !isOwnMark(context, ownerOf(build)?.mark)) {
      await takeBack(client, { ref, buildId }, context);
      const owner = ownerOf(build)?.mark;
      const other =
        owner === undefined ? "build" : isOwnStack(context, owner) ? "resource of this stack" : "Pulumi stack";
      throw new NameTakenError(
        `another ${other} took the name ${ref} a moment before this one. ` +
          `Nothing of this one was kept. Choose another name; or ${takeoverWays(context, "Template", ref)}`,
        { ref, holder: ref },
      );
    }
  }
}

async function takeBack(
  client: NullspaceClient,
  { ref, buildId }: { ref: string; buildId: string },
  { log }: OperationContext,
): Promise<void> {
  // Not under the operation's own signal: a stop must not leave the build behind.
  using timeout = answerTimeout(TAKE_BACK_TIMEOUT_MS);
  const { signal } = timeout;
  try {
    const { build } = await client.builds.cancel(buildId, {
      reason: "another one was first to take the name",
      signal,
    });
    if (isTerminalStatus(build.status) && build.status === "ready") {
      await orGone(client.templates.delete(`${ref}:${buildId}`, { signal }));
    }
  } catch (error) {
    log("warning", `build ${buildId} of ${ref} could not be taken back: ${explain(error)}`);
  }
}

/** Gives a claimed name back when nothing was made of it, rather than hold it until the claim expires. */
export async function releaseName(
  client: NullspaceClient,
  claim: NameClaim,
  { log }: Pick<OperationContext, "log">,
): Promise<void> {
  // Not under the operation's own signal: it may be what ended the operation.
  using timeout = answerTimeout(RELEASE_TIMEOUT_MS);
  try {
    await orGone(client.templates.releaseName(claim.claim_token, { signal: timeout.signal }));
  } catch (error) {
    // The first error is the one to report, and the claim ends by itself.
    log("debug", `the claim of ${claim.canonical_ref} could not be released: ${explain(error)}`);
  }
}
