import * as pulumi from "@pulumi/pulumi";
import { requireConfig, type ProviderConfig, SETTINGS } from "../core/provider-config.ts";

let read: Promise<ProviderConfig> | undefined;

/** The provider's settings of the stack that the program runs for: `nullspace:apiUrl` and the like. */
export function readSettings(): Promise<ProviderConfig> {
  read ??= readAll();
  return read;
}

async function readAll(): Promise<ProviderConfig> {
  const config = new pulumi.Config("nullspace");
  // Asked for as secrets, which they may be: Pulumi warns of one that is not.
  const values = await Promise.all(SETTINGS.map((key) => valueOf(config.getSecret(key))));
  return requireConfig((key) => values[SETTINGS.indexOf(key)]);
}

function valueOf(output: pulumi.Output<string> | undefined): Promise<string | undefined> {
  if (output === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => void output.apply((value) => resolve(value)));
}
