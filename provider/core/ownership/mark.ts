import { createHash } from "node:crypto";

const STACK_DIGITS = 8;
const RESOURCE_DIGITS = 12;
const MARK = /^[0-9a-f]{20}$/;

/** Who owns something at the service: 20 hex digits, those of the stack first. */
export type Mark = string;

/** What a mark is made from. */
export interface MarkSource {
  /** Organization of the stack; `""` where the shell does not learn it: the engine tells plugins none. */
  organization: string;
  project: string;
  stack: string;
  urn: string;
}

/**
 * The mark of a resource: the same in every run of its stack, another in every other stack. It is kept at the service (as
 * a tag on builds, in the metadata of pools), so that a create that was killed knows what it had made already.
 */
export function markOf({ organization, project, stack, urn }: MarkSource): Mark {
  return (
    digest([organization, project, stack], STACK_DIGITS) + digest([organization, project, stack, urn], RESOURCE_DIGITS)
  );
}

/** The mark of a resource by its URN alone, `urn:pulumi:stack::project::type::name`. */
export function markOfUrn(urn: string, organization = ""): Mark {
  const [stack = "", project = ""] = urn.replace(/^urn:pulumi:/, "").split("::");
  return markOf({ organization, project, stack, urn });
}

/** Is the text a mark? */
export function isMark(text: unknown): text is Mark {
  return typeof text === "string" && MARK.test(text);
}

/** Does the mark stand for the resource itself, under its name of today or its last one? */
export function isOwnMark(
  { mark, formerMark }: { readonly mark: Mark; readonly formerMark?: Mark | undefined },
  other: Mark | undefined,
): boolean {
  return other !== undefined && (other === mark || other === formerMark);
}

/** Are both resources of one stack? */
export function isSameStack(left: Mark, right: Mark): boolean {
  return left.slice(0, STACK_DIGITS) === right.slice(0, STACK_DIGITS);
}

/**
 * Is the other resource of the stack that the resource itself is of, under its name of today or its last one? A stack that
 * is renamed, and a resource that changes between the shells, have made what they have under marks of another beginning.
 */
export function isOwnStack(
  { mark, formerMark }: { readonly mark: Mark; readonly formerMark?: Mark | undefined },
  other: Mark,
): boolean {
  return isSameStack(other, mark) || (formerMark !== undefined && isSameStack(other, formerMark));
}

function digest(parts: readonly string[], digits: number): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, digits);
}
