// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import { NativeProvider } from "../../native/native-resource.ts";

/** Settings of a {@link Provider}. What is not given comes from the environment and the config files. */
export interface ProviderArgs {
  /**
   * API key of the Nullspace service.
   *
   * @default the environment variable `NULLSPACE_API_KEY`, then the config file of the Nullspace command line. It is never stored in the state
   */
  apiKey?: pulumi.Input<string>;
  /**
   * Address of the Nullspace service.
   *
   * @default the environment variable `NULLSPACE_API_URL`, then the config file of the Nullspace command line, then `http://localhost:3000`
   */
  apiUrl?: pulumi.Input<string>;
  /**
   * Namespace that the API key is expected to belong to. With a key of another namespace nothing is read or changed, and previews fail: a guard against using the wrong key.
   *
   * @default the key's own
   */
  namespace?: pulumi.Input<string>;
  /**
   * How long a call may wait for the service to respond, in seconds.
   *
   * @default 30
   */
  requestTimeoutSeconds?: pulumi.Input<number>;
  /**
   * How often a call that failed for a temporary reason is retried, at most.
   *
   * @default 3
   */
  maxRetries?: pulumi.Input<number>;
  /**
   * How long the creation, update, refresh or deletion of a resource may take, in minutes, unless its option `customTimeouts` says otherwise.
   *
   * @default 30 for a template, 10 for a pool, 5 for everything that builds and starts nothing
   */
  operationTimeoutMinutes?: pulumi.Input<number>;
}

/**
 * A connection to a Nullspace service, for resources that are not to use the stack's own.
 *
 * @example
 * ```ts
 * const staging = new Provider("staging", {
 *   apiUrl: "https://staging.example.com",
 *   apiKey: config.requireSecret("key"),
 * });
 * new Template("web", { name: "web", context: "./app" }, { provider: staging });
 * ```
 */
export class Provider extends NativeProvider {
  constructor(name: string, args: ProviderArgs = {}, options: pulumi.ResourceOptions = {}) {
    super(name, args, ["apiKey"], options);
  }

  /** Is the value a `Provider`, of whatever copy of this package? */
  static override isInstance(value: unknown): value is Provider {
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === "pulumi:providers:nullspace";
  }
}
