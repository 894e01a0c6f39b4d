import { amount, check, like, options as optionsOf, secretText, whole } from "../arguments/index.ts";
import { CALL } from "./argument-rules.ts";
import { createHmac } from "node:crypto";
import type { Dispatcher } from "undici";
import type { Health } from "../wire/health.ts";
import { BlobsApi } from "./blobs.ts";
import { BuildsApi } from "./builds.ts";
import type { CallOptions } from "./call-options.ts";
import { MissingApiKeyError } from "./errors.ts";
import { readHealth } from "./health.ts";
import { MachinesApi } from "./machines.ts";
import { findSettings, PLACES_MEMBERS, type SettingsPlaces } from "./settings.ts";
import { TemplatesApi } from "./templates.ts";
import { Transport } from "./transport.ts";
import { WarmPoolsApi } from "./warm-pools.ts";

/** How to reach a service; everything has a default. */
export interface NullspaceClientOptions extends SettingsPlaces {
  /**
   * Longest silence of the service that a plain call endures, milliseconds.
   *
   * @default 30_000
   */
  timeoutMs?: number | undefined;
  /**
   * How often a call that failed for a passing reason is sent again, at most.
   *
   * @default 3
   */
  maxRetries?: number | undefined;
  /**
   * An undici dispatcher to send through; it is yours to close.
   *
   * @default a keep-alive pool of its own
   */
  dispatcher?: Dispatcher | undefined;
}

const OPTIONS = optionsOf<NullspaceClientOptions>({
  ...PLACES_MEMBERS,
  timeoutMs: amount,
  maxRetries: whole(0),
  dispatcher: like("an undici dispatcher", ({ dispatch }) => typeof dispatch === "function"),
});

/**
 * The service's calls, one method each. Holds connections: close it, or let `await using` do so.
 *
 * @example
 * ```ts
 * await using client = new NullspaceClient();
 * const build = await client.builds.start({ name: "web", base_image: "python:3.12-slim" });
 * for await (const entry of client.builds.logs(build.build_id, { follow: true })) console.log(entry.message);
 * ```
 *
 * @throws MissingApiKeyError when there is no key anywhere
 * @throws InvalidSettingError when the URL cannot be called
 */
export class NullspaceClient implements AsyncDisposable {
  /** Where the service is. */
  readonly baseUrl: string;
  readonly builds: BuildsApi;
  readonly blobs: BlobsApi;
  readonly templates: TemplatesApi;
  readonly warmPools: WarmPoolsApi;
  readonly machines: MachinesApi;
  readonly #apiKey: string;
  readonly #transport: Transport;

  constructor(options: NullspaceClientOptions = {}) {
    check("NullspaceClient", { options: OPTIONS }, { options });
    const { apiKey: givenKey, baseUrl, env, cwd, home } = options;
    const settings = findSettings({ apiKey: givenKey, baseUrl, env, cwd, home });
    const apiKey = settings.apiKey.value;
    if (apiKey === undefined) {
      throw new MissingApiKeyError({ configPath: settings.configPath, places: settings.apiKeyPlaces });
    }
    this.baseUrl = settings.baseUrl.value;
    this.#apiKey = apiKey;
    this.#transport = new Transport({
      baseUrl: this.baseUrl,
      apiKey,
      timeoutMs: options.timeoutMs,
      maxRetries: options.maxRetries,
      env: options.env,
      dispatcher: options.dispatcher,
    });
    this.builds = new BuildsApi(this.#transport);
    this.blobs = new BlobsApi(this.#transport);
    this.templates = new TemplatesApi(this.#transport);
    this.warmPools = new WarmPoolsApi(this.#transport);
    this.machines = new MachinesApi(this.#transport);
  }

  /**
   * A digest of a text that only holders of this API key can compute: it gives nothing of the text away, however easily
   * that is guessed, and is the same in every process with the key.
   *
   * @returns 64 hex digits (HMAC-SHA256)
   */
  keyedDigest(text: string): string {
    check("keyedDigest", { text: secretText }, { text });
    return createHmac("sha256", this.#apiKey).update(text).digest("hex");
  }

  /** Does the service answer? The key is not sent. */
  async health(options: CallOptions = {}): Promise<Health> {
    check("health", { options: CALL }, { options });
    return readHealth(this.#transport, options);
  }

  /** Cuts what is running and frees the connections. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
