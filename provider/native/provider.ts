import * as pulumi from "@pulumi/pulumi";
import { nativeOptions } from "./native-resource.ts";

/** How the provider reaches a Nullspace service. What is not given comes from the environment and the config files. */
export interface ProviderArgs {
  /** API key. Default: `NULLSPACE_API_KEY`, then the config file of the Nullspace command line. */
  apiKey?: pulumi.Input<string>;
  /** Address. Default: `NULLSPACE_API_URL`, then that config file, then `http://localhost:3000`. */
  apiUrl?: pulumi.Input<string>;
}

/**
 * A connection to a Nullspace service, for resources that are not to use the stack's own.
 *
 * @example
 *   const staging = new Provider("staging", { apiUrl: "https://staging.example.com", apiKey: config.requireSecret("key") });
 *   new Template("web", { name: "web" }, { provider: staging });
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, options: pulumi.ResourceOptions = {}) {
    const { apiKey, apiUrl } = args;
    super(
      "nullspace",
      name,
      { apiKey: apiKey === undefined ? undefined : pulumi.secret(apiKey), apiUrl },
      nativeOptions(pulumi.mergeOptions(options, { additionalSecretOutputs: ["apiKey"] })),
    );
  }

  /** Is the value a `Provider`, of whatever copy of this package? */
  static override isInstance(value: unknown): value is Provider {
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === "pulumi:providers:nullspace";
  }
}
