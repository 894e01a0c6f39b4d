import type { PemText } from "./pem-text.ts";

/** What a request proves who it is with. */
export interface Identity {
  /** Bearer token. */
  readonly token?: string | undefined;
  /** Client certificate and key, PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** Where the identity of requests comes from. It may change at any time. */
export interface Credentials {
  /** @throws CredentialsError */
  get(signal?: AbortSignal): Promise<Identity>;
  /** The server does not accept what {@link get} gave last: what is kept of it is forgotten. */
  refused(): void;
}

/** A cluster, and how to get in. */
export interface ClusterAccess {
  /** Name for people: that of the context, or `in-cluster`. */
  readonly name: string;
  /** URL of the API server, without a slash at its end. */
  readonly server: string;
  /** Namespace that the context names. @default `default` */
  readonly namespace: string;
  /** Certificates of authorities. @default those that Node trusts */
  readonly ca?: PemText | undefined;
  /** Name that the server's certificate must have, where that is not the host of the URL. */
  readonly serverName?: string | undefined;
  /** Whoever answers is taken for the server. @default false */
  readonly isInsecure?: boolean | undefined;
  readonly credentials: Credentials;
}

/** An identity that never changes. */
export function fixedCredentials(identity: Identity): Credentials {
  return { get: async () => identity, refused: () => undefined };
}

/** A token that never changes, beside what else proves who asks. */
export function withToken(token: string, rest: Credentials): Credentials {
  return { get: async (signal) => ({ ...(await rest.get(signal)), token }), refused: () => rest.refused() };
}
