import * as pulumi from "../classes/pulumi.ts";
import { markOf, type Mark } from "../core/ownership/mark.ts";
import { toRegistered, type ResourceProperties } from "../classes/resource-properties.ts";
import { CARRIED, GIVEN, PASSED } from "./carried-inputs.ts";
import { passedOutputs } from "./passed-outputs.ts";
import { proposeName, type Place } from "./propose-name.ts";
import { readArguments } from "./read-arguments.ts";
import { dynamicToken, providerText } from "./provider-text.ts";

/**
 * The inputs of a dynamic resource as they are registered: what the program gives, and what the methods of a dynamic
 * provider, which are told neither URN nor stack, need to know beside it.
 */
export function dynamicInputs(
  type: string,
  name: string,
  properties: ResourceProperties,
  args: object,
  { parent }: pulumi.CustomResourceOptions,
): pulumi.Inputs {
  const place = { organization: organizationOrNone(), project: pulumi.getProject(), stack: pulumi.getStack() };
  const mark = markOfResource(pulumi.createUrn(name, dynamicToken(type), parent), place);
  const isNamed = !properties.inputs.includes("name") || (args as { name?: unknown }).name !== undefined;
  const naming = isNamed ? undefined : mark.then((one) => proposeName(type, name, one, place));
  const facts = readArguments(args, properties.secrets);
  const passed = passedOutputs(args);
  return {
    ...toRegistered(properties, args),
    [CARRIED.provider]: providerText(type),
    [CARRIED.mark]: mark,
    ...(naming !== undefined && { [CARRIED.naming]: naming }),
    [CARRIED.secrets]: facts.then(({ secretPaths }) => secretPaths),
    [GIVEN]: facts.then(({ givenTexts }) => givenTexts),
    ...(passed !== undefined && { [PASSED]: passed }),
  };
}

/**
 * A promise, not an output: an output of the parent's URN depends on the parent, and so on all its children, and with them
 * on this resource itself.
 */
function markOfResource(urn: pulumi.Output<string>, place: Place): Promise<Mark> {
  return new Promise((resolve) => void urn.apply((text) => resolve(markOf({ ...place, urn: text }))));
}

/** Without an engine (a unit test with mocks) there may be no organization; the SDK has no way to ask whether there is. */
function organizationOrNone(): string {
  try {
    return pulumi.getOrganization();
  } catch {
    return "";
  }
}
