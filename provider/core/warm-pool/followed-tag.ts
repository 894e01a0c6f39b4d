import { parseTemplateRef } from "../../../sdk/wire/index.ts";
import type { Properties } from "../properties.ts";
import { TemplateAnyRef } from "../template-name-ref.ts";

/**
 * The tag that a pool follows: `trackTag`, which may be unknown yet; else, where the pool follows one, the tag in `template`.
 * A bare template has none: the service refuses such a pool, and takes no `default` for it.
 */
export function followedTag({ versionPolicy, trackTag, template }: Properties): unknown {
  if ((trackTag ?? undefined) !== undefined || versionPolicy !== "track_tag") return trackTag ?? undefined;
  const ref = typeof template === "string" ? TemplateAnyRef.safeParse(template).data : undefined;
  const parsed = ref === undefined ? undefined : parseTemplateRef(ref);
  return parsed?.kind === "name" ? parsed.tag : undefined;
}
