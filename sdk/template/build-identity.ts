import { anyText, listOf, object, optional, text } from "../arguments/index.ts";
import { check } from "./argument-checks.ts";
import { TemplateArgumentError } from "./errors.ts";

/** What a build is called. */
export interface BuildIdentity {
  name?: string | undefined;
  tags?: readonly string[] | undefined;
}

const TAGS = optional(listOf(text, "texts"));

/**
 * Name and tags from the short form (`web`, `web:v1`) and the long one.
 *
 * @throws TemplateArgumentError when both say the same thing, or the short form is a reference to something that exists
 * @example
 * ```ts
 * resolveIdentity("web:v1", {}); // { name: "web", tags: ["v1"] }
 * ```
 */
export function resolveIdentity(shorthand: string | undefined, identity: BuildIdentity): BuildIdentity {
  check(
    "resolveIdentity",
    { shorthand: optional(anyText), identity: object, name: optional(text), tags: TAGS },
    { shorthand, identity, name: identity?.name, tags: identity?.tags },
  );
  const { name, tags } = identity;
  if (tags?.length === 0)
    throw new TemplateArgumentError("tags", "give at least one, or leave it out for the default tag");
  if (shorthand === undefined) return { name, tags };
  const refuse = (problem: string): never => {
    throw new TemplateArgumentError("name", `${JSON.stringify(shorthand)} ${problem}`);
  };
  if (name !== undefined) refuse("is given as well as options.name: use one of them");
  const given = shorthand.trim();
  if (given === "") refuse("is empty");
  if (given.includes("/")) refuse("has a namespace: a build goes into your own, so leave it out, or use options.name");
  const colon = given.lastIndexOf(":");
  if (colon < 0) {
    if (given.startsWith("tmpl_")) refuse("is an artifact, and a build makes a new one: give a name");
    return { name: given, tags };
  }
  const [base, tag] = [given.slice(0, colon).trim(), given.slice(colon + 1).trim()];
  if (base === "" || tag === "") refuse("must be name or name:tag");
  if (tag.startsWith("tb_")) refuse("names a build that exists: give a tag");
  if (tags !== undefined) refuse("has a tag, and options.tags are given too: use one of them");
  return { name: base, tags: [tag] };
}
