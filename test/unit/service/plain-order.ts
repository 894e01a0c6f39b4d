import type { BuildOrder } from "../../../service/builds/build-executor.ts";
import { BuildCredentials } from "../../../service/builds/credentials.ts";
import { NOTHING_INHERITED } from "../../../service/templates/artifact-runtime.ts";
import type { ArtifactStore } from "../../../service/templates/artifact-store.ts";

/** An image of a Dockerfile alone: no context, no credentials, nothing inherited. */
export function plainOrder(artifacts: Pick<ArtifactStore, "nameOf">, templateId: string, text: string): BuildOrder {
  return {
    buildId: templateId.replace("tmpl_", "tb_"),
    templateId,
    templateKey: 1,
    definition: {},
    baseIsTemplate: false,
    inherited: NOTHING_INHERITED,
    isImport: false,
    context: [],
    credentials: new BuildCredentials({}),
    input: { text, entries: [] },
    imageRef: artifacts.nameOf(templateId),
  };
}
