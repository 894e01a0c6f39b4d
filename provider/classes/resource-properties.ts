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
  return pulumi.CustomResource as unknown as ResourceClass<Outputs>;
}
