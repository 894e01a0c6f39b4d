import type { TemplateBuild } from "../../../sdk/wire/index.ts";
import type { Properties } from "../properties.ts";

/** What a good build adds to the outputs. */
export function liveOutputs(build: TemplateBuild): Properties {
  return {
    buildId: build.build_id,
    templateId: build.template_id,
    status: build.status,
    ...(build.source_digest == null ? {} : { sourceDigest: build.source_digest }),
    ...(build.context_digest == null ? {} : { contextDigest: build.context_digest }),
  };
}
