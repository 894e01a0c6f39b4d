import * as pulumi from "../classes/pulumi.ts";
import { nativeOptions, nativeToken } from "./native-resource.ts";

/** Calls a function of the plugin. */
export function invoke<Result>(name: string, args: object, options: pulumi.InvokeOptions): Promise<Result> {
  return pulumi.invoke(nativeToken(name), { ...args }, nativeOptions(options)) as Promise<Result>;
}

/** Calls a function of the plugin once its arguments are known. */
export function invokeOutput<Result>(
  name: string,
  args: object,
  options: pulumi.InvokeOutputOptions,
): pulumi.Output<Result> {
  return pulumi.invokeOutput<Result>(nativeToken(name), { ...args }, nativeOptions(options));
}
