import type { BuildOptions } from "pulumi-nullspace/docker";
import type { BuildOrder } from "../builds/build-executor.ts";
import { dockerfileArgs } from "../builds/dockerfile/build-args.ts";
import { checkDockerfile } from "../builds/dockerfile/check-dockerfile.ts";
import { describeStep } from "../builds/dockerfile/render-dockerfile.ts";
import { INSTANCE_LABEL, TEMPLATE_LABEL } from "../labels.ts";
import type { FailedSource } from "./image-failure.ts";

/** What an order asks of any builder. @param instanceId marks what this service makes */
export function imageOptions(order: BuildOrder, instanceId: string): BuildOptions {
  const { definition, credentials } = order;
  const buildArgs = order.baseImage === undefined ? dockerfileArgs(definition) : { ...definition.build_args };
  return {
    labels: { [INSTANCE_LABEL]: instanceId, [TEMPLATE_LABEL]: order.templateId },
    // What decides an image is in its definition, which is all that the key of its reuse knows.
    useConfigProxy: false,
    ...(Object.keys(buildArgs).length > 0 && { buildArgs }),
    ...(definition.build_target !== undefined && { target: definition.build_target }),
    ...(definition.skip_cache === true && { noCache: true }),
    ...(definition.build_config?.internet_access === false && { networkMode: "none" }),
    ...(credentials.secrets.length > 0 && { secrets: credentials.secrets.map(({ id, value }) => ({ id, value })) }),
    buildId: order.buildId,
  };
}

/** Image that `base_image_auth` is for. */
export function authTarget({ baseImage, definition, input }: BuildOrder): string | undefined {
  if (definition.base_image_auth_kind === undefined) return undefined;
  return baseImage ?? checkDockerfile(input.text, definition.build_target).finalBase;
}

/** What an order is made from, to say where it failed. @param stepIndex step of the definition that failed, from 1 */
export function failedSource(order: BuildOrder, stepIndex: number | undefined): FailedSource {
  if (order.baseImage === undefined) return { kind: "dockerfile", text: order.input.text };
  const step = order.definition.steps?.[(stepIndex ?? 0) - 1];
  return { kind: "steps", step: step && describeStep(step) };
}
