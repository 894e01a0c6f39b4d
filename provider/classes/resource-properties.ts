import { noteOutputs } from "./output-origin.ts";
import * as pulumi from "./pulumi.ts";

/** Names of a resource's properties. */
export interface ResourceProperties {
  readonly inputs: readonly string[];
  /** Outputs beside the inputs. */
  readonly outputs: readonly string[];
  /** Inputs and outputs that are secret whatever they hold. */
  readonly secrets: readonly string[];
}

/** The arguments of a resource as it is registered: secrets marked, and every output announced. */
export function toRegistered({ inputs, outputs, secrets }: ResourceProperties, args: object): pulumi.Inputs {
  const given: pulumi.Inputs = { ...args };
  for (const name of secrets) {
    if (given[name] !== undefined) given[name] = pulumi.secret<unknown>(given[name]);
  }
  for (const name of [...inputs, ...outputs]) given[name] ??= undefined;
  return given;
}

/** The options of a resource with what the resource itself asks for. */
export function withSecretOutputs(
  { secrets }: ResourceProperties,
  options: pulumi.CustomResourceOptions,
): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions(options, { additionalSecretOutputs: [...secrets] });
}

/** A class of resources whose instances have these outputs. */
export interface ResourceClass<Outputs> {
  new (
    type: string,
    name: string,
    properties?: pulumi.Inputs,
    options?: pulumi.CustomResourceOptions,
  ): pulumi.CustomResource & Outputs;
  isInstance(value: unknown): value is pulumi.CustomResource;
}

/** `pulumi.CustomResource`, which gives every instance an output for each registered property, told which ones. */
export function resourceWith<Outputs>(): ResourceClass<Outputs> {
  return QuickResource as unknown as ResourceClass<Outputs>;
}

/** Frames of a stack that are kept while a resource is registered: the place where a transformation throws. */
const FRAMES = 1;

/**
 * Takes short stacks, and cheap ones. The SDK takes four for each property of a resource, against leaks of its own promises,
 * and has each frame looked up in source maps: for 50 Templates that was 0.9 s. An error that is thrown is looked up as ever,
 * by who catches it.
 */
class QuickResource extends pulumi.CustomResource {
  constructor(type: string, name: string, properties?: pulumi.Inputs, options?: pulumi.CustomResourceOptions) {
    const { stackTraceLimit, prepareStackTrace } = Error;
    Error.stackTraceLimit = Math.min(stackTraceLimit, FRAMES);
    Error.prepareStackTrace = plainStack;
    try {
      super(type, name, properties, options);
    } finally {
      Object.assign(Error, { stackTraceLimit, prepareStackTrace });
    }
    noteOutputs(this, properties ?? {});
  }
}

function plainStack(error: Error, frames: NodeJS.CallSite[]): string {
  const places = frames.map((frame) => `    at ${frame.getFileName()}:${frame.getLineNumber()}`);
  return [String(error), ...places].join("\n");
}
