import { z } from "zod";
import { NoApiKeyError } from "../errors.ts";
import { MissingApiKeyError, NullspaceClient } from "../../sdk/client/index.ts";

/** Configuration of the provider. What is absent is looked up as the client does: environment, then its config files. */
export const ProviderConfig = z.object({
  apiKey: z
    .string()
    .optional()
    .describe(
      "API key of the Nullspace service. Default: the environment variable `NULLSPACE_API_KEY`, then the config file of " +
        "the Nullspace command line. It is never stored in the state.",
    )
    .meta({ secret: true }),
  apiUrl: z
    .string()
    .optional()
    .describe(
      "Address of the Nullspace service. Default: the environment variable `NULLSPACE_API_URL`, then the config file of " +
        "the Nullspace command line, then `http://localhost:3000`.",
    ),
});
export type ProviderConfig = z.infer<typeof ProviderConfig>;

/** Clients by configuration, so that all operations of one provider share its connections. A cache, nothing else. */
const clients = new WeakMap<ProviderConfig, NullspaceClient>();

/**
 * Client for a configuration.
 *
 * @throws NoApiKeyError when there is no key anywhere
 */
export function clientFor(config: ProviderConfig): NullspaceClient {
  let client = clients.get(config);
  if (client === undefined) {
    client = connect(config);
    clients.set(config, client);
  }
  return client;
}

function connect({ apiKey, apiUrl }: ProviderConfig): NullspaceClient {
  try {
    return new NullspaceClient({
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(apiUrl === undefined ? {} : { baseUrl: apiUrl }),
    });
  } catch (error) {
    if (error instanceof MissingApiKeyError) throw new NoApiKeyError(error);
    throw error;
  }
}
