import { FunctionFailedError, InvalidArgumentsError } from "../errors.ts";
import { checkInputs } from "./check-inputs.ts";
import type { Properties } from "./properties.ts";
import { clientFor, type ProviderConfig } from "./provider-config.ts";
import type { ProviderFunction } from "./provider-function.ts";
import { requireNamespace } from "./service-identity/require-namespace.ts";
import { explain, isFault } from "./explain.ts";

/** A preview waits no longer than this for an answer. */
const TIMEOUT_MS = 60_000;

/**
 * Checks the arguments and asks the service.
 *
 * @throws InvalidArgumentsError when an argument is not right
 */
export async function runFunction(
  asked: ProviderFunction,
  args: Properties,
  config: ProviderConfig,
  signal: AbortSignal = AbortSignal.timeout(TIMEOUT_MS),
): Promise<Properties> {
  const { inputs, failures } = checkInputs(asked.inputs, args);
  if (failures.length > 0) throw new InvalidArgumentsError(asked.name, failures);
  try {
    await requireNamespace(config.namespace, { config, signal });
    return await asked.call(clientFor(config), inputs, signal);
  } catch (error) {
    if (isFault(error)) throw error;
    const { code } = error as { code: string };
    throw new FunctionFailedError(asked.name, explain(error), { code, cause: error });
  }
}
