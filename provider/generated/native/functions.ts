// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import { invoke, invokeOutput } from "../../native/invoke.ts";
import type {
  GetBuildArgs,
  GetBuildOutputArgs,
  GetBuildResult,
  GetTemplateArgs,
  GetTemplateOutputArgs,
  GetTemplateResult,
  GetTemplatesArgs,
  GetTemplatesOutputArgs,
  GetTemplatesResult,
  GetWarmPoolArgs,
  GetWarmPoolOutputArgs,
  GetWarmPoolResult,
} from "../types/functions.ts";
/**
 * A build of a template: how it ended, and what it produced.
 *
 * @example
 * ```ts
 * const { status, promotable } = await getBuild({ buildId: "tb_0123456789ab" });
 * ```
 */
export function getBuild(args: GetBuildArgs, options: pulumi.InvokeOptions = {}): Promise<GetBuildResult> {
  return invoke("getBuild", args, options);
}
/**
 * As {@link getBuild}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * const build = getBuildOutput({ buildId: stack.requireOutput("buildId") });
 * ```
 */
export function getBuildOutput(
  args: GetBuildOutputArgs,
  options: pulumi.InvokeOutputOptions = {},
): pulumi.Output<GetBuildResult> {
  return invokeOutput("getBuild", args, options);
}
/**
 * An existing template, whoever created it: the build that a reference resolves to, its tags and its aliases.
 *
 * @example
 * ```ts
 * const base = await getTemplate({ template: "acme/base:stable" });
 * ```
 */
export function getTemplate(args: GetTemplateArgs, options: pulumi.InvokeOptions = {}): Promise<GetTemplateResult> {
  return invoke("getTemplate", args, options);
}
/**
 * As {@link getTemplate}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * export const aliases = getTemplateOutput({ template: web.canonicalRef }).aliases;
 * ```
 */
export function getTemplateOutput(
  args: GetTemplateOutputArgs,
  options: pulumi.InvokeOutputOptions = {},
): pulumi.Output<GetTemplateResult> {
  return invokeOutput("getTemplate", args, options);
}
/**
 * The templates that the API key can see, each listed once.
 *
 * @example
 * ```ts
 * const { templates } = await getTemplates({ namespace: "acme" });
 * ```
 */
export function getTemplates(
  args: GetTemplatesArgs = {},
  options: pulumi.InvokeOptions = {},
): Promise<GetTemplatesResult> {
  return invoke("getTemplates", args, options);
}
/**
 * As {@link getTemplates}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * export const released = getTemplatesOutput({ tag: stable.tag }).templates;
 * ```
 */
export function getTemplatesOutput(
  args: GetTemplatesOutputArgs = {},
  options: pulumi.InvokeOutputOptions = {},
): pulumi.Output<GetTemplatesResult> {
  return invokeOutput("getTemplates", args, options);
}
/**
 * An existing warm pool, whoever created it, with the current state of its machines.
 *
 * @example
 * ```ts
 * const pool = await getWarmPool({ name: "web" });
 * ```
 */
export function getWarmPool(
  args: GetWarmPoolArgs = {},
  options: pulumi.InvokeOptions = {},
): Promise<GetWarmPoolResult> {
  return invoke("getWarmPool", args, options);
}
/**
 * As {@link getWarmPool}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * export const ready = getWarmPoolOutput({ poolId: pool.poolId }).ready;
 * ```
 */
export function getWarmPoolOutput(
  args: GetWarmPoolOutputArgs = {},
  options: pulumi.InvokeOutputOptions = {},
): pulumi.Output<GetWarmPoolResult> {
  return invokeOutput("getWarmPool", args, options);
}
