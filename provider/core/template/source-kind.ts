import type { CheckFailure, Properties } from "../properties.ts";
import { hasUnknown, isRecord } from "../unknown.ts";
import { checkTarget } from "./named-contexts.ts";
import { CONTEXT_INPUTS } from "./source-inputs.ts";

/** What a template is built from. */
export type SourceKind = "dockerfile" | "image" | "template";

/** Inputs that only a Dockerfile has a use for. */
const OF_A_DOCKERFILE = ["dockerfile", "dockerfileContent", "buildArgs", "contexts", "target"] as const;

/** What the inputs, checked or not, say that the template is built from. What is unknown counts as given. */
export function sourceKind({ image, fromTemplate }: Properties): SourceKind {
  if (image !== undefined && image !== null) return "image";
  return fromTemplate !== undefined && fromTemplate !== null ? "template" : "dockerfile";
}

/** Is it unknown which files of this machine the build sees? What else the inputs leave open does not matter here. */
export function isContextUnknown(inputs: Properties): boolean {
  if (sourceKind(inputs) === "dockerfile") return CONTEXT_INPUTS.some((key) => hasUnknown(inputs[key]));
  const { steps = [] } = inputs;
  if (!Array.isArray(steps)) return true;
  const copies = steps.filter((step) => !isRecord(step) || step.kind === "copy" || step.kind === "copy_items");
  if (copies.length === 0) return false;
  return hasUnknown(copies) || CONTEXT_INPUTS.some((key) => hasUnknown(inputs[key]));
}

/** The rule that there is exactly one source, and that the other inputs belong to it. What is unknown may turn out to be none. */
export function checkSource(inputs: Properties): CheckFailure[] {
  const given = ["dockerfile", "dockerfileContent", "image", "fromTemplate"].filter(
    (key) => typeof inputs[key] === "string",
  );
  const [first, second] = given;
  if (second !== undefined) {
    return [
      {
        property: second,
        reason: `give ${first} or ${second}, not both: a template is built from one Dockerfile, image or template`,
      },
    ];
  }
  const kind = sourceKind(inputs);
  if (kind === "dockerfile") {
    if (inputs.steps === undefined) return checkTarget(inputs);
    const reason =
      "steps need an image or a template to start from: give image or fromTemplate, or write them as Dockerfile";
    return [{ property: "steps", reason }];
  }
  const source = kind === "image" ? "image" : "fromTemplate";
  return OF_A_DOCKERFILE.filter((key) => inputs[key] !== undefined).map((key) => ({
    property: key,
    reason: `${key} belongs to a Dockerfile, and the template is built from ${source}: leave one of them out`,
  }));
}
