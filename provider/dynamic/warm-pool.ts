import type * as pulumi from "@pulumi/pulumi";
import { resourceWith, withSecretOutputs } from "../resources/resource-properties.ts";
import { WARM_POOL_PROPERTIES } from "../resources/warm-pool.ts";
import type { WarmPoolArgs, WarmPoolOutputs, WarmPoolState } from "../resources/warm-pool.ts";
import { dynamicInputs } from "./dynamic-inputs.ts";
import { dynamicToken } from "./provider-text.ts";

/**
 * Machines of a template that are kept ready.
 *
 * @example
 *   new WarmPool("pool", { name: "web", template: stable.ref, versionPolicy: "track_tag", minReady: 2, maxReady: 4 });
 */
export class WarmPool extends resourceWith<WarmPoolOutputs>() {
  /** @param args inputs; everything else is computed */
  constructor(name: string, args: WarmPoolArgs, options: pulumi.CustomResourceOptions = {}) {
    super(
      dynamicToken("WarmPool"),
      name,
      dynamicInputs("WarmPool", name, WARM_POOL_PROPERTIES, args, options),
      withSecretOutputs(WARM_POOL_PROPERTIES, options),
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
    return (value as { __pulumiType?: unknown } | null | undefined)?.__pulumiType === dynamicToken("WarmPool");
  }
}
