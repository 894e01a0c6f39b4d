import { NotOwnedError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import type { Mark } from "./mark.ts";
import { describeOwner } from "./takeover-ways.ts";

/**
 * The error for an update of what another resource has adopted since.
 *
 * @param what in words: `template local/web`
 */
export function adoptedAway(
  what: string,
  ref: string,
  owner: Mark | undefined,
  context: OperationContext,
): NotOwnedError {
  return new NotOwnedError(
    `${what} was adopted, and ${describeOwner(owner, context.mark)} now. Nothing was changed. ` +
      "Take this resource out of the program and its state (pulumi state delete); or, to have it back, do that, and " +
      "declare it again with adopt: true",
    ref,
  );
}
