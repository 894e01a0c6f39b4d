/**
 * What the classes use of the Pulumi SDK, from the files that it lies in. The SDK's own index also loads the Automation API
 * with half of npm behind it, 0.3 s that a program without it need not wait for.
 */
export { Config } from "@pulumi/pulumi/config.js";
export { getOrganization, getProject, getStack } from "@pulumi/pulumi/metadata.js";
export { isSecret, Output, output, secret } from "@pulumi/pulumi/output.js";
export { createUrn, CustomResource, mergeOptions, ProviderResource, Resource } from "@pulumi/pulumi/resource.js";
export { invoke, invokeOutput } from "@pulumi/pulumi/runtime/invoke.js";
export type {
  CustomResourceOptions,
  ID,
  Input,
  Inputs,
  InvokeOptions,
  InvokeOutputOptions,
  ResourceOptions,
} from "@pulumi/pulumi";
