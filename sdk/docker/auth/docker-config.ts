import { callback, object, optional, options, recordOf, signal as abortSignal, text } from "../../arguments/index.ts";
import { check } from "../argument-rules.ts";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { RegistryCredentialsError } from "../errors.ts";
import { getFromHelper, listHelper } from "./credential-helper.ts";
import { RegistryCredentials, type RegistryAuths } from "./registry-credentials.ts";
import { HUB_HOST, HUB_INDEX_URL, registryHost } from "./registry-host.ts";

const AuthEntry = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});
type AuthEntry = z.infer<typeof AuthEntry>;

const ProxyEntry = z.looseObject({
  httpProxy: z.string().optional(),
  httpsProxy: z.string().optional(),
  ftpProxy: z.string().optional(),
  noProxy: z.string().optional(),
  allProxy: z.string().optional(),
});
type ProxyEntry = z.infer<typeof ProxyEntry>;

const ConfigFile = z.looseObject({
  auths: z.record(z.string(), AuthEntry).optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  proxies: z.record(z.string(), ProxyEntry).optional(),
});
type ConfigFile = z.infer<typeof ConfigFile>;

const AUTHS = recordOf({ ...object, isSecret: true }, "credentials");

/** Which credentials to collect. */
export interface WantedCredentials {
  /** Those given by the caller, which win. */
  explicit?: RegistryAuths;
  /**
   * Whether a registry may be needed, by its address as the file or a helper writes it.
   *
   * @default all are
   */
  isWanted?: (server: string) => boolean;
  /** Called for each helper that is missing or fails. */
  onFailure: (error: RegistryCredentialsError) => void;
  signal?: AbortSignal;
}

const WANTED = options<WantedCredentials>({
  explicit: optional(AUTHS),
  isWanted: optional(callback),
  onFailure: callback,
  signal: optional(abortSignal),
});

/**
 * Docker's configuration folder. The file is read again at each call, as `docker login` may change it at any time.
 *
 * @example
 * ```ts
 * import { homedir } from "node:os";
 *
 * const config = new DockerConfig(`${homedir()}/.docker`);
 * const credentials = await config.credentialsFor("ghcr.io");
 * console.log(credentials ? "There is a login for ghcr.io" : "Run docker login ghcr.io first");
 * ```
 */
export class DockerConfig {
  /** The folder; its `config.json` need not exist. */
  readonly dir: string;
  readonly #env: Record<string, string | undefined>;

  constructor(dir: string, env: Record<string, string | undefined> = process.env) {
    check("DockerConfig", { dir: text, env: object }, { dir, env });
    this.dir = dir;
    this.#env = env;
  }

  /**
   * Credentials for a registry: those given by the caller, else those of its credential helper, else those of the file.
   *
   * @param registry host, such as `docker.io` or `registry.example:5000`
   */
  async credentialsFor(
    registry: string,
    explicit: RegistryAuths = {},
    signal?: AbortSignal,
  ): Promise<RegistryCredentials | undefined> {
    check(
      "credentialsFor",
      { registry: text, explicit: AUTHS, signal: optional(abortSignal) },
      { registry, explicit, signal },
    );
    const host = registryHost(registry);
    const given = Object.entries(explicit).find(([key]) => registryHost(key) === host);
    if (given) return new RegistryCredentials(given[1]);
    const file = await this.#read();
    const server = host === HUB_HOST ? HUB_INDEX_URL : host;
    const helper = file.credHelpers?.[server] ?? file.credHelpers?.[host] ?? file.credsStore;
    if (helper) {
      const found = await getFromHelper(helper, server, this.#env, signal);
      if (found) return found;
    }
    return fromEntries(file.auths ?? {}, this.#file).get(host);
  }

  /**
   * What is known of the wanted registries, by host: what a classic build is sent before it pulls. A helper that is missing
   * or fails stops nothing: images may be public.
   */
  async allCredentials(wanted: WantedCredentials): Promise<Map<string, RegistryCredentials>> {
    check("allCredentials", { wanted: WANTED }, { wanted });
    const { explicit = {}, isWanted = () => true, onFailure, signal } = wanted;
    const file = await this.#read();
    const all = fromEntries(
      Object.fromEntries(Object.entries(file.auths ?? {}).filter(([server]) => isWanted(server))),
      this.#file,
    );
    const given = new Set(Object.keys(explicit).map(registryHost));
    const ask = async (helper: string, server: string) => {
      if (!isWanted(server) || given.has(registryHost(server))) return;
      const found = await getFromHelper(helper, server, this.#env, signal);
      if (found) all.set(registryHost(server), found);
    };
    const unlessItFails = async (asking: Promise<void>) => {
      try {
        await asking;
      } catch (error) {
        if (signal?.aborted || !(error instanceof RegistryCredentialsError)) throw error;
        onFailure(error);
      }
    };
    const { credsStore: store, credHelpers = {} } = file;
    if (store) {
      const askAll = async () => {
        for (const server of await listHelper(store, this.#env, signal)) await unlessItFails(ask(store, server));
      };
      await unlessItFails(askAll());
    }
    for (const [server, helper] of Object.entries(credHelpers)) await unlessItFails(ask(helper, server));
    for (const [server, auth] of Object.entries(explicit)) all.set(registryHost(server), new RegistryCredentials(auth));
    return all;
  }

  /** Build arguments for the proxies of the file: those of `host` (an engine address), else the default ones. */
  async proxyBuildArgs(host: string): Promise<Record<string, string>> {
    check("proxyBuildArgs", { host: text }, { host });
    const { proxies = {} } = await this.#read();
    return proxyArguments(proxies[host] ?? proxies.default ?? {});
  }

  get #file(): string {
    return join(this.dir, "config.json");
  }

  async #read(): Promise<ConfigFile> {
    let text: string;
    try {
      text = await readFile(this.#file, "utf8");
    } catch (cause) {
      // No file is the usual case: no credentials, no proxies.
      if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return {};
      throw new RegistryCredentialsError(`Cannot read Docker's configuration file ${this.#file}.`, cause);
    }
    const parsed = ConfigFile.safeParse(parseJson(text, this.#file));
    if (parsed.success) return parsed.data;
    throw new RegistryCredentialsError(
      `Docker's configuration file ${this.#file} is not valid: ${z.prettifyError(parsed.error)}`,
    );
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the file, which holds passwords.
    throw new RegistryCredentialsError(`Docker's configuration file ${file} is not JSON. Correct it, or remove it.`);
  }
}

function fromEntries(entries: Record<string, AuthEntry>, file: string): Map<string, RegistryCredentials> {
  const credentials = new Map<string, RegistryCredentials>();
  for (const [server, entry] of Object.entries(entries)) {
    const one = fromEntry(server, entry, file);
    const host = registryHost(server);
    // An entry under the bare host is meant before one under an address that only reduces to it.
    if (one && (server === host || !credentials.has(host))) credentials.set(host, one);
  }
  return credentials;
}

function fromEntry(server: string, entry: AuthEntry, file: string): RegistryCredentials | undefined {
  if (entry.identitytoken) return new RegistryCredentials({ identityToken: entry.identitytoken });
  if (entry.registrytoken) return new RegistryCredentials({ registryToken: entry.registrytoken });
  if (entry.auth) {
    const decoded = Buffer.from(entry.auth, "base64").toString("utf8");
    const colon = decoded.indexOf(":");
    if (colon < 0) {
      throw new RegistryCredentialsError(
        `The entry for ${server} in ${file} is damaged: its auth is not base64 of user:password. Run docker login again.`,
      );
    }
    // Docker strips NUL bytes that old versions padded with.
    return new RegistryCredentials({
      username: decoded.slice(0, colon),
      password: decoded.slice(colon + 1).replace(/\0+$/, ""),
    });
  }
  // An empty entry only says that a credential store has this registry.
  if (entry.username === undefined) return undefined;
  return new RegistryCredentials({ username: entry.username, password: entry.password ?? "" });
}

function proxyArguments(proxy: ProxyEntry): Record<string, string> {
  const named: [string, string | undefined][] = [
    ["HTTP_PROXY", proxy.httpProxy],
    ["HTTPS_PROXY", proxy.httpsProxy],
    ["FTP_PROXY", proxy.ftpProxy],
    ["NO_PROXY", proxy.noProxy],
    ["ALL_PROXY", proxy.allProxy],
  ];
  // Programs read one spelling or the other, so Docker sets both.
  return Object.fromEntries(
    named.flatMap(([name, value]) =>
      value
        ? [
            [name, value],
            [name.toLowerCase(), value],
          ]
        : [],
    ),
  );
}
