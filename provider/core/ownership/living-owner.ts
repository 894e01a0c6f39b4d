import { NotOwnedError } from "../../errors.ts";
import type { OperationContext } from "../operation-context.ts";
import type { Mark } from "./mark.ts";

/**
 * Makes sure that what is to be adopted is no other resource's of this very program: both would go on with it as theirs.
 *
 * @param what in words: `template local/web`
 * @throws NotOwnedError when the program declares the owner
 */
export function requireLeft(
  owner: Mark | undefined,
  what: string,
  { mark, declared }: Pick<OperationContext, "mark" | "declared">,
): void {
  if (owner === undefined || owner === mark || declared.of(owner) === undefined) return;
  throw new NotOwnedError(
    `${what} belongs to another resource of this program, and cannot be adopted from it. If that one is being renamed or ` +
      "removed, let it go first: run pulumi up without this resource, and then with it",
    what,
  );
}
