import type { RegistryAuth } from "pulumi-nullspace/docker";

/** Builders and the registry that they push to, in place of Docker Engine's. */
export interface BuildKitOptions {
  /** Where the builders are, at least one: `tcp://host:port` or `unix:///path/to/buildkitd.sock`. */
  readonly addresses: readonly string[];
  /**
   * Files (PEM) for the connections to those with a `tcp` address; read for each connection.
   *
   * @default no TLS
   */
  readonly tls?: BuilderTlsFiles;
  /** Where artifacts are kept. */
  readonly registry: RegistryOptions;
}

/** Files of connections to builders. */
export interface BuilderTlsFiles {
  /**
   * Authorities that builders' certificates are of.
   *
   * @default those that Node trusts
   */
  readonly caFile?: string;
  /** Certificate that builders know this service by, and its key. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** The registry of the artifacts. */
export interface RegistryOptions {
  /** Host and path of one repository, which is this service's alone: `registry.example/team/nullspace`. */
  readonly repository: string;
  /**
   * The registry speaks no TLS. One on a loopback address is taken to speak none anyway.
   *
   * @default false
   */
  readonly isPlain?: boolean;
  /**
   * The service that the repository belongs to is gone for good: it becomes this one's.
   *
   * @default false
   */
  readonly takeOver?: boolean;
  /**
   * Credentials that may pull, push and delete.
   *
   * @default those that Docker's configuration has for the host
   */
  readonly auth?: RegistryAuth;
}
