import { TemplateRefError, formatTemplateRef, parseTemplateRef } from "../../../sdk/wire/index.ts";
import type { Properties } from "../../core/properties.ts";
import { followedTag } from "../../core/warm-pool/followed-tag.ts";
import { isSameTemplate, ownNamespaceOf } from "../../core/same-template.ts";
import type { SettledChange } from "../preview/settle-unknowns.ts";
import type { TagFact } from "./report.ts";
import { isMove } from "./tag-facts.ts";

/** The tag's move that a pool without an input `buildId` follows on its own. */
export function followedMove({ found, inputs }: SettledChange, tags: readonly TagFact[]): TagFact | undefined {
  const ref = followedRef(inputs);
  const ownNamespace = ownNamespaceOf(found?.outputs);
  return tags.find((each) => isMove(each) && isSameTemplate(`${each.template}:${each.tag}`, ref, ownNamespace));
}

function followedRef(inputs: Properties): string | undefined {
  const { template, versionPolicy, buildId } = inputs;
  const tag = followedTag(inputs);
  if (typeof template !== "string" || typeof tag !== "string") return undefined;
  if (versionPolicy !== "track_tag" || buildId !== undefined) return undefined;
  try {
    const ref = parseTemplateRef(template);
    return ref.kind === "artifact" ? undefined : formatTemplateRef({ ...ref, tag });
  } catch (error) {
    if (error instanceof TemplateRefError) return undefined;
    throw error;
  }
}
