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
 * A build of a template: how it ended, and what it made.
 *
 * @example
 *   const build = getBuildOutput({ buildId: stack.requireOutput("buildId") });
 */
export function getBuild(args: GetBuildArgs): Promise<GetBuildResult> {
  return callFunction("getBuild", args);
}
/** As {@link getBuild}, of outputs of resources: a preview that does not know them yet asks nothing. */
export function getBuildOutput(args: GetBuildOutputArgs): pulumi.Output<GetBuildResult> {
  return callFunctionOutput("getBuild", args);
}
/**
 * A template that exists, whoever made it: the build that a reference stands for, its tags and its aliases.
 *
 * @example
 *   const base = await getTemplate({ template: "acme/base:stable" });
 */
export function getTemplate(args: GetTemplateArgs): Promise<GetTemplateResult> {
  return callFunction("getTemplate", args);
}
/** As {@link getTemplate}, of outputs of resources: a preview that does not know them yet asks nothing. */
export function getTemplateOutput(args: GetTemplateOutputArgs): pulumi.Output<GetTemplateResult> {
  return callFunctionOutput("getTemplate", args);
}
/**
 * The templates that the API key may see, each once.
 *
 * @example
 *   const { templates } = await getTemplates({ namespace: "acme" });
 */
export function getTemplates(args: GetTemplatesArgs = {}): Promise<GetTemplatesResult> {
  return callFunction("getTemplates", args);
}
/** As {@link getTemplates}, of outputs of resources: a preview that does not know them yet asks nothing. */
export function getTemplatesOutput(args: GetTemplatesOutputArgs = {}): pulumi.Output<GetTemplatesResult> {
  return callFunctionOutput("getTemplates", args);
}
/**
 * A warm pool that exists, whoever made it, with what its machines are doing at this moment.
 *
 * @example
 *   const pool = await getWarmPool({ name: "web" });
 */
export function getWarmPool(args: GetWarmPoolArgs = {}): Promise<GetWarmPoolResult> {
  return callFunction("getWarmPool", args);
}
/** As {@link getWarmPool}, of outputs of resources: a preview that does not know them yet asks nothing. */
export function getWarmPoolOutput(args: GetWarmPoolOutputArgs = {}): pulumi.Output<GetWarmPoolResult> {
  return callFunctionOutput("getWarmPool", args);
}
