import { createRequire } from "node:module";
import * as pulumi from "../classes/pulumi.ts";

const require = createRequire(import.meta.url);
const { version } = require("pulumi-nullspace/package.json") as { version: string };

/** Type token of a resource of the plugin. */
export function nativeToken(type: string): string {
  return `nullspace:index:${type}`;
}

/** The options with the plugin's version, so that the engine starts the plugin that these classes belong to. */
export function nativeOptions<Options extends object>(options: Options): Options & { version: string } {
  return { version, ...options };
}

/** What the class of the explicit provider is made of. */
export class NativeProvider extends pulumi.ProviderResource {
  /** @param secrets settings that the state must not have in clear */
  constructor(name: string, args: object, secrets: readonly string[], options: pulumi.ResourceOptions) {
    super(
      "nullspace",
      name,
      toSettings(args, secrets),
      nativeOptions(pulumi.mergeOptions(options, { additionalSecretOutputs: [...secrets] })),
    );
  }
}

/** The engine takes texts alone as a provider's settings: others travel as their JSON. */
function toSettings(args: object, secrets: readonly string[]): Record<string, pulumi.Input<string> | undefined> {
  const setting = (name: string, value: unknown) => {
    if (value === undefined) return undefined;
    const text = pulumi.output(value).apply((one) => (typeof one === "string" ? one : JSON.stringify(one)));
    return secrets.includes(name) ? pulumi.secret(text) : text;
  };
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, setting(name, value)]));
}
