import {
  type DockerConfig,
  RegistryCredentials,
  registryHost,
  type RegistryAuth,
  type RegistryAuths,
} from "pulumi-nullspace/docker";
import { isLoopbackRegistry, RegistryClient } from "./registry-client.ts";

/** The registry that this service keeps its artifacts in. */
export interface OwnRegistry {
  /** Host, with its port if it has one. */
  readonly host: string;
  /** Path of the repository in it. */
  readonly repository: string;
  /** It speaks no TLS. */
  readonly isPlain: boolean;
  /** Absent: what Docker's configuration has for the host. */
  readonly auth?: RegistryAuth | undefined;
}

/** The registries that a service talks to: its own, and those of base images. */
export class Registries {
  readonly own: OwnRegistry;
  readonly #config: DockerConfig;
  readonly #clients = new Map<string, RegistryClient>();
  readonly #borrowed = new Set<RegistryClient>();

  /** @param config Docker's configuration, whose credentials are used */
  constructor(own: OwnRegistry, config: DockerConfig) {
    this.own = own;
    this.#config = config;
  }

  /** The client of the own registry. */
  get ownClient(): RegistryClient {
    return this.client(this.own.host);
  }

  /** Credentials for the own registry, if there are any. */
  async ownAuth(signal?: AbortSignal): Promise<RegistryAuth | undefined> {
    return (await this.#credentials(this.own.host, signal))?.reveal();
  }

  /** A client of a registry, with the service's own credentials for it. */
  client(host: string): RegistryClient {
    const key = registryHost(host);
    let client = this.#clients.get(key);
    if (client === undefined) {
      client = new RegistryClient({
        host: key,
        isPlain: this.#isPlain(key),
        credentials: (signal) => this.#credentials(key, signal),
      });
      this.#clients.set(key, client);
    }
    return client;
  }

  /** One that comes with the credentials of a request, which nobody else may use. Ends with `using`. */
  clientWith(host: string, auths: RegistryAuths): RegistryClient & Disposable {
    const key = registryHost(host);
    const auth = Object.entries(auths).find(([given]) => registryHost(given) === key)?.[1];
    const credentials = auth && new RegistryCredentials(auth);
    const client = new RegistryClient({
      host: key,
      isPlain: this.#isPlain(key),
      credentials: async (signal) => credentials ?? this.#credentials(key, signal),
    });
    this.#borrowed.add(client);
    return Object.assign(client, { [Symbol.dispose]: () => void this.#borrowed.delete(client) });
  }

  /** Ends what is under way at every registry. */
  close(): void {
    for (const client of [...this.#clients.values(), ...this.#borrowed]) client.close();
  }

  #isPlain(host: string): boolean {
    return host === registryHost(this.own.host) ? this.own.isPlain : isLoopbackRegistry(host);
  }

  async #credentials(host: string, signal?: AbortSignal): Promise<RegistryCredentials | undefined> {
    const { own } = this;
    const explicit = own.auth !== undefined && host === registryHost(own.host) ? { [host]: own.auth } : {};
    return this.#config.credentialsFor(host, explicit, signal);
  }
}
