import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

const require = createRequire(import.meta.url);
const { version } = require("pulumi-nullspace/package.json") as { version: string };

/** Type token of a resource of the plugin. */
export function nativeToken(type: string): string {
  return `nullspace:index:${type}`;
}

/** The options with the plugin's version, so that the engine starts the plugin that these classes belong to. */
export function nativeOptions<Options extends pulumi.ResourceOptions>(options: Options): Options {
  return pulumi.mergeOptions({ version }, options) as Options;
}
