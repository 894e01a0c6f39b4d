// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import { callFunction, callFunctionOutput } from "../../dynamic/call-function.ts";
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
export function getBuild(args: GetBuildArgs): Promise<GetBuildResult> {
  return callFunction("getBuild", args);
}
/**
 * As {@link getBuild}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * const build = getBuildOutput({ buildId: stack.requireOutput("buildId") });
 * ```
 */
export function getBuildOutput(args: GetBuildOutputArgs): pulumi.Output<GetBuildResult> {
  return callFunctionOutput("getBuild", args);
}
/**
 * An existing template, whoever created it: the build that a reference resolves to, its tags and its aliases.
 *
 * @example
 * ```ts
 * const base = await getTemplate({ template: "acme/base:stable" });
 * ```
 */
export function getTemplate(args: GetTemplateArgs): Promise<GetTemplateResult> {
  return callFunction("getTemplate", args);
}
/**
 * As {@link getTemplate}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * export const aliases = getTemplateOutput({ template: web.canonicalRef }).aliases;
 * ```
 */
export function getTemplateOutput(args: GetTemplateOutputArgs): pulumi.Output<GetTemplateResult> {
  return callFunctionOutput("getTemplate", args);
}
/**
 * The templates that the API key can see, each listed once.
 *
 * @example
 * ```ts
 * const { templates } = await getTemplates({ namespace: "acme" });
 * ```
 */
export function getTemplates(args: GetTemplatesArgs = {}): Promise<GetTemplatesResult> {
  return callFunction("getTemplates", args);
}
/**
 * As {@link getTemplates}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * export const released = getTemplatesOutput({ tag: stable.tag }).templates;
 * ```
 */
export function getTemplatesOutput(args: GetTemplatesOutputArgs = {}): pulumi.Output<GetTemplatesResult> {
  return callFunctionOutput("getTemplates", args);
}
/**
 * An existing warm pool, whoever created it, with the current state of its machines.
 *
 * @example
 * ```ts
 * const pool = await getWarmPool({ name: "web" });
 * ```
 */
export function getWarmPool(args: GetWarmPoolArgs = {}): Promise<GetWarmPoolResult> {
  return callFunction("getWarmPool", args);
}
/**
 * As {@link getWarmPool}, of outputs of resources: a preview that does not know them yet asks nothing.
 *
 * @example
 * ```ts
 * export const ready = getWarmPoolOutput({ poolId: pool.poolId }).ready;
 * ```
 */
export function getWarmPoolOutput(args: GetWarmPoolOutputArgs = {}): pulumi.Output<GetWarmPoolResult> {
  return callFunctionOutput("getWarmPool", args);
}
