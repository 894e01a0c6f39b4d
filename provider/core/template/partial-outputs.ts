import { BuildFailedError, PartialFailureError } from "../../errors.ts";
import type { Properties } from "../properties.ts";
import { explain } from "../explain.ts";
import { TemplateOutputs, type BuildAttempt } from "./outputs.ts";
import { splitRef } from "./settle.ts";

/** Outputs that say what the template is called. */
export function refOutputs(ref: string): Properties {
  return { canonicalRef: ref, namespace: splitRef(ref).namespace };
}

/** The outputs beside the inputs, those that there are and that outlast an update. */
export function pickOutputs(outputs: Properties): Properties {
  return Object.fromEntries(
    Object.keys(TemplateOutputs.shape)
      .filter((key) => outputs[key] !== undefined && key !== "imported")
      .map((key) => [key, outputs[key]]),
  );
}

/** The template exists, and its newest build did not come to a good end. */
export function buildPartialFailure(id: string, outputs: Properties, error: unknown): PartialFailureError {
  const failed = error instanceof BuildFailedError;
  const build = (outputs.attempt as BuildAttempt | undefined)?.buildId;
  const reasons = failed
    ? error.reasons
    : [build === undefined ? explain(error) : `build ${build} of ${outputs.canonicalRef as string}: ${explain(error)}`];
  const live = outputs.buildId as string | undefined;
  return new PartialFailureError({
    id,
    outputs: failed ? { ...outputs, status: error.status } : outputs,
    reasons: live === undefined || live === build ? reasons : [...reasons, `build ${live} stays live until then`],
    cause: error,
  });
}
