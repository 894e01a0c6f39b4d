import { ConflictError, InvalidRequestError } from "../../errors.ts";

/** Which change of a list a query or form names. @throws InvalidRequestError */
export function changeOf<Change extends string>(changes: readonly Change[], text: string | undefined): Change {
  const change = changes.find((each) => each === text);
  if (change !== undefined) return change;
  throw new InvalidRequestError(`to: choose from ${changes.join(", ")}.`);
}

/**
 * Sees to it that something is done only to what its confirmation showed.
 *
 * @param what such as `The pool web`
 * @throws ConflictError
 */
export function assertAsShown(what: string, expected: string | undefined, now: string): void {
  if (expected === now) return;
  throw new ConflictError(`${what} has changed since the question was asked. Nothing was done.`, {
    suggestedAction: "Look at it again, then decide.",
  });
}
