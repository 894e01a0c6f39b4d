import * as pulumi from "../classes/pulumi.ts";
import type { Properties } from "../core/properties.ts";

/**
 * Calls a function of the provider in the program itself, with the stack's settings: a dynamic provider has none that the
 * engine could call.
 */
export async function callFunction<Result>(name: string, args: object): Promise<Result> {
  const [{ functionFor }, { readSettings }, { runFunction }] = await Promise.all([
    import("../functions.ts"),
    import("./stack-settings.ts"),
    import("../core/run-function.ts"),
  ]);
  return (await runFunction(functionFor(name), args as Properties, await readSettings())) as Result;
}

/** Calls a function once its arguments are known. */
export function callFunctionOutput<Result>(name: string, args: object): pulumi.Output<Result> {
  return pulumi
    .output(args)
    .apply((known) => callFunction<Result>(name, known as object)) as unknown as pulumi.Output<Result>;
}
