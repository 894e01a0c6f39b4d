import { createHash } from "node:crypto";
import { NullspaceError } from "../../sdk/errors.ts";
import {
  checkHealth,
  findSettings,
  NullspaceClient,
  type Settings,
  type SettingsPlaces,
} from "../../sdk/client/index.ts";
import { ok, type CheckResult } from "./check.ts";

/** A service that does not answer within this is as good as down for whoever waits at a terminal. */
const SERVICE_TIMEOUT_MS = 5_000;

/** First 12 hex digits of the key's SHA-256: enough to tell two keys apart, useless to anyone else. */
export function fingerprint(apiKey: string): string {
  return createHash("sha256").update(apiKey).digest("hex").slice(0, 12);
}

/** Where key and URL come from, whether the service answers, and whether it takes the key. */
export async function checkService(places: SettingsPlaces, signal: AbortSignal): Promise<CheckResult[]> {
  let settings: Settings;
  try {
    settings = findSettings(places);
  } catch (error) {
    return [failed("url", error, "Set NULLSPACE_API_URL, or run `nullspace-local serve` and use what it prints.")];
  }
  const results = [ok("url", `${settings.baseUrl.value} (from ${settings.baseUrl.source})`), keyResult(settings)];
  try {
    await checkHealth(settings.baseUrl.value, { timeoutMs: SERVICE_TIMEOUT_MS, signal });
    results.push(ok("service", `${settings.baseUrl.value} answers`));
  } catch (error) {
    signal.throwIfAborted();
    results.push(failed("service", error, "Start it with `nullspace-local serve`, or set NULLSPACE_API_URL."));
    return results;
  }
  if (settings.apiKey.value === undefined) return results;
  const client = new NullspaceClient({
    ...places,
    apiKey: settings.apiKey.value,
    baseUrl: settings.baseUrl.value,
    timeoutMs: SERVICE_TIMEOUT_MS,
  });
  try {
    await client.machines.list({ limit: 1 }, { signal });
    results.push(ok("access", "the service accepts the key"));
  } catch (error) {
    signal.throwIfAborted();
    results.push(failed("access", error, `Check the key from ${settings.apiKey.source}.`));
  } finally {
    await client.close();
  }
  return results;
}

function keyResult(settings: Settings): CheckResult {
  const { value, source } = settings.apiKey;
  if (value !== undefined) return ok("key", `found (from ${source}, sha256 ${fingerprint(value)})`);
  return {
    name: "key",
    status: "fail",
    message: `there is no API key; looked at ${settings.apiKeyPlaces.join(", ")}`,
    advice: `Set NULLSPACE_API_KEY, or write {"api_key": "…"} into ${settings.configPath}.`,
  };
}

/** Errors of ours are findings; anything else is a bug and goes up. */
function failed(name: string, error: unknown, advice: string): CheckResult {
  if (!(error instanceof NullspaceError)) throw error;
  return { name, status: "fail", message: error.message, advice };
}
