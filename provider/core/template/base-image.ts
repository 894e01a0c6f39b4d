import type { NullspaceClient } from "../../../sdk/client/index.ts";
import { formatTemplateRef, parseTemplateRef } from "../../../sdk/wire/index.ts";
import type { TemplateInputs } from "./inputs.ts";

/**
 * What the template is built on, in the words of the service; undefined for a Dockerfile.
 *
 * The service takes a bare name in this place for a builtin's. Here it is what it is everywhere in a program: one's own
 * template, or else a builtin one.
 *
 * @throws NotFoundError when there is no template of the name
 */
export async function baseImage(
  client: NullspaceClient,
  { image, fromTemplate }: Pick<TemplateInputs, "image" | "fromTemplate">,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (fromTemplate === undefined) return image;
  const ref = parseTemplateRef(fromTemplate);
  if (ref.kind === "artifact" || ref.namespace !== undefined) return fromTemplate;
  const { canonical_ref, builtin } = await client.templates.get(fromTemplate, { signal });
  const found = parseTemplateRef(canonical_ref);
  if (found.kind === "artifact") return canonical_ref;
  // A builtin is named with its tag.
  const tag = ref.tag ?? (builtin && ref.buildId === undefined ? "latest" : undefined);
  return formatTemplateRef({
    ...found,
    ...(tag === undefined ? {} : { tag }),
    ...(ref.buildId && { buildId: ref.buildId }),
  });
}
