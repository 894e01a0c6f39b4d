// Made by `npm run generate` from the schemas in provider/core: change those, not this.
import type * as pulumi from "@pulumi/pulumi";
import { resourceWith, toRegistered, withSecretOutputs } from "../../classes/resource-properties.ts";
import { nativeOptions, nativeToken } from "../../native/native-resource.ts";
import { WARM_POOL_PROPERTIES } from "../types/warm-pool.ts";
import type { WarmPoolArgs, WarmPoolOutputs, WarmPoolState } from "../types/warm-pool.ts";

/**
 * A pool of running machines of one template, ready to be checked out at once.
 *
 * @example
 * ```ts
 * const pool = new WarmPool("pool", {
 *   name: "web",
 *   template: stable.ref,
 *   versionPolicy: "track_tag",
 *   buildId: stable.buildId,
 *   minReady: 2,
 *   maxReady: 4,
 * });
 * ```
 */
export class WarmPool extends resourceWith<WarmPoolOutputs>() {
  /** @param args inputs; everything else is computed */
  constructor(name: string, args: WarmPoolArgs, options: pulumi.CustomResourceOptions = {}) {
    super(
      nativeToken("WarmPool"),
      name,
      toRegistered(WARM_POOL_PROPERTIES, args),
      nativeOptions(withSecretOutputs(WARM_POOL_PROPERTIES, options)),
    );
  }

  /** Looks up one that exists, by its ID, without managing it. */
  static get(
    name: string,
    id: pulumi.Input<pulumi.ID>,
    state: WarmPoolState = {},
    options: pulumi.CustomResourceOptions = {},
  ): WarmPool {
    return new WarmPool(name, state as WarmPoolArgs, { ...options, id });
  }

  /** Is the value a `WarmPool`, of whatever copy of this package? */
  static override isInstance(value: unknown): value is WarmPool {
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === nativeToken("WarmPool");
  }
}
