import * as z from "zod";
import { NoApiKeyError, SettingError } from "../errors.ts";
import { checkInputs } from "./check-inputs.ts";
import { InvalidSettingError, MissingApiKeyError, NullspaceClient } from "../../sdk/client/index.ts";
import { BUILD_TIMEOUT_MS, CALL_TIMEOUT_MS, READY_TIMEOUT_MS } from "./timeouts.ts";

const minutes = (ms: number): number => ms / 60_000;

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
    .refine(isHttpUrl, { error: "must be an address such as http://localhost:3000" })
    .optional()
    .describe(
      "Address of the Nullspace service. Default: the environment variable `NULLSPACE_API_URL`, then the config file of " +
        "the Nullspace command line, then `http://localhost:3000`.",
    ),
  namespace: z
    .string()
    .optional()
    .describe(
      "Namespace that the API key is expected to belong to. With a key of another namespace nothing is read or changed, and " +
        "previews fail: a guard against using the wrong key. Default: the key's own.",
    ),
  requestTimeoutSeconds: z
    .int()
    .min(1)
    .optional()
    .describe("How long a call may wait for the service to respond, in seconds. Default 30."),
  maxRetries: z
    .int()
    .min(0)
    .optional()
    .describe("How often a call that failed for a temporary reason is retried, at most. Default 3."),
  operationTimeoutMinutes: z
    .int()
    .min(1)
    .optional()
    .describe(
      "How long the creation, update, refresh or deletion of a resource may take, in minutes, unless its option " +
        `\`customTimeouts\` says otherwise. Default: ${minutes(BUILD_TIMEOUT_MS)} for a template, ` +
        `${minutes(READY_TIMEOUT_MS)} for a pool, ${minutes(CALL_TIMEOUT_MS)} for everything that builds and starts nothing.`,
    ),
});
export type ProviderConfig = z.infer<typeof ProviderConfig>;

/** Names of the settings. */
export const SETTINGS = Object.keys(ProviderConfig.shape) as (keyof ProviderConfig)[];

/**
 * Settings as they come from the engine, which knows texts only: `"5"` is 5. Blank ones count as not given, unknown ones
 * are left alone.
 */
export function readSetting(key: keyof ProviderConfig, value: unknown): unknown {
  if (value === null || value === "") return undefined;
  const isNumber = ProviderConfig.shape[key].safeParse(1).success;
  return isNumber && typeof value === "string" && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
}

/**
 * The settings as a whole.
 *
 * @param get what is set under a name, if anything
 * @throws SettingError when one is not right
 */
export function requireConfig(get: (key: keyof ProviderConfig) => unknown): ProviderConfig {
  const given = SETTINGS.map((key) => [key, readSetting(key, get(key))] as const);
  const { inputs, failures } = checkInputs(ProviderConfig, Object.fromEntries(given));
  if (failures[0] !== undefined) throw new SettingError(failures[0]);
  return inputs;
}

function isHttpUrl(text: string): boolean {
  return text === "" || (URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol));
}

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

function connect({ apiKey, apiUrl, requestTimeoutSeconds, maxRetries }: ProviderConfig): NullspaceClient {
  try {
    return new NullspaceClient({
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(apiUrl === undefined ? {} : { baseUrl: apiUrl }),
      ...(requestTimeoutSeconds === undefined ? {} : { timeoutMs: requestTimeoutSeconds * 1000 }),
      ...(maxRetries === undefined ? {} : { maxRetries }),
    });
  } catch (error) {
    if (error instanceof MissingApiKeyError) throw new NoApiKeyError(error);
    if (error instanceof InvalidSettingError && apiUrl !== undefined) {
      const reason = error.message.replace(" from baseUrl argument", "");
      throw new SettingError({ property: "apiUrl", reason });
    }
    throw error;
  }
}
