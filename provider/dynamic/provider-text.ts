/**
 * The `__provider` input of a dynamic resource: JavaScript that the dynamic provider's process evaluates
 * (`sdk/nodejs/cmd/dynamic-provider`) to get at the resource's methods.
 *
 * `pulumi.dynamic.Resource` would make this text by serialising our functions with everything that they reach. Written
 * out, it is the same for every version of this package, so that an upgrade is no difference in a preview, and destroy
 * and refresh run the code that is installed, not the code of the day the resource was made.
 */
export function providerText(type: string): string {
  return `exports.handler = () => require("pulumi-nullspace/dynamic-runtime").provider(${JSON.stringify(type)});`;
}

/** Type token of a dynamic resource. */
export function dynamicToken(type: string): string {
  return `pulumi-nodejs:dynamic/nullspace:${type}`;
}
