import * as pulumi from "../classes/pulumi.ts";
import { requireConfig, type ProviderConfig, SETTINGS } from "../core/provider-config.ts";

/** One object for equal settings, so that their calls share a client. A process may run programs of several stacks. */
const known = new Map<string, ProviderConfig>();

/** The provider's settings of the stack that the program runs for: `nullspace:apiUrl` and the like. */
export async function readSettings(): Promise<ProviderConfig> {
  const config = new pulumi.Config("nullspace");
  // Asked for as secrets, which they may be: Pulumi warns of one that is not.
  const values = await Promise.all(SETTINGS.map((key) => valueOf(config.getSecret(key))));
  const settings = requireConfig((key) => values[SETTINGS.indexOf(key)]);
  const key = JSON.stringify(settings);
  const same = known.get(key) ?? settings;
  known.set(key, same);
  return same;
}

function valueOf(output: pulumi.Output<string> | undefined): Promise<string | undefined> {
  if (output === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => void output.apply((value) => resolve(value)));
}
