import { check, text } from "../arguments/index.ts";
import { CALL } from "./argument-rules.ts";
import type { Health } from "../wire/health.ts";
import { pickCallOptions, type CallOptions } from "./call-options.ts";
import { Transport } from "./transport.ts";

/** Asks a service whether it is well, without a key. */
export async function readHealth(transport: Transport, options: CallOptions = {}): Promise<Health> {
  return transport.json(
    { what: "reach the service", method: "GET", path: "/healthz", anonymous: true, ...pickCallOptions(options) },
    (wire) => wire.Health,
  );
}

/**
 * As `readHealth`, for programs that have no key yet.
 *
 * @example
 * ```ts
 * const { status } = await checkHealth("http://localhost:3000", { timeoutMs: 5_000 });
 * ```
 */
export async function checkHealth(baseUrl: string, options: CallOptions = {}): Promise<Health> {
  check("checkHealth", { baseUrl: text, options: CALL }, { baseUrl, options });
  const transport = new Transport({ baseUrl, apiKey: "" });
  try {
    return await readHealth(transport, options);
  } finally {
    await transport.close();
  }
}
