import type { RegistryCredentials } from "pulumi-nullspace/docker";
import * as z from "zod";
import type { AuthChallenge } from "./auth-challenge.ts";
import { RegistryAwayError, RegistryError } from "./registry-errors.ts";
import { readBounded, send, type RegistryAnswer } from "./registry-transport.ts";

/** A token is good for so long when the registry does not say how long (Token Authentication Specification, "expires_in"). */
const DEFAULT_TOKEN_SECONDS = 60;
/** A token is not used in the last moments of its life: a request takes time to arrive. */
const MARGIN_MS = 10_000;
const MOST_TOKEN_BYTES = 1024 * 1024;

const TokenAnswer = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});

/** Answers what one registry asks for, and remembers it. */
export class RegistryAuthorizer {
  readonly #host: string;
  readonly #credentials: (signal?: AbortSignal) => Promise<RegistryCredentials | undefined>;
  /** Headers by scope; the empty one is for every scope. */
  readonly #known = new Map<string, { header: string; untilMs: number }>();

  /** @param credentials gives those for the registry, if there are any */
  constructor(host: string, credentials: (signal?: AbortSignal) => Promise<RegistryCredentials | undefined>) {
    this.#host = host;
    this.#credentials = credentials;
  }

  /** The header for requests of a scope, as far as it is known already. */
  headerFor(scope: string): string | undefined {
    for (const key of [scope, ""]) {
      const known = this.#known.get(key);
      if (known !== undefined && known.untilMs > Date.now()) return known.header;
    }
    return undefined;
  }

  /**
   * Gets what a challenge asks for.
   *
   * @param scope what the request is about, where the challenge does not say it
   * @returns the header to try again with; `undefined` when there is nothing to answer with
   */
  async answer(challenge: AuthChallenge, scope: string, signal?: AbortSignal): Promise<string | undefined> {
    const auth = (await this.#credentials(signal))?.reveal();
    if (auth !== undefined && "registryToken" in auth) return this.#keep("", `Bearer ${auth.registryToken}`);
    if (challenge.scheme === "basic") {
      if (auth === undefined || !("username" in auth)) return undefined;
      return this.#keep("", basic(auth));
    }
    const asked = challenge.scope ?? scope;
    const realm = this.#realm(challenge.realm);
    const answer =
      auth !== undefined && "identityToken" in auth
        ? await this.#exchange(realm, challenge, asked, auth.identityToken, signal)
        : await this.#ask(realm, challenge, asked, auth && basic(auth), signal);
    const { token, seconds } = await this.#read(answer);
    return this.#keep(asked, `Bearer ${token}`, seconds * 1_000 - MARGIN_MS);
  }

  #keep(scope: string, header: string, forMs = Number.POSITIVE_INFINITY): string {
    this.#known.set(scope, { header, untilMs: Date.now() + forMs });
    return header;
  }

  /** Credentials go to whom the registry names, as with every client of one; but not in the clear. */
  #realm(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname))) return url;
    throw new RegistryAwayError(this.#host, "it sends clients to an authorization service without HTTPS");
  }

  #ask(
    realm: URL,
    { service }: Extract<AuthChallenge, { scheme: "bearer" }>,
    scope: string,
    authorization: string | undefined,
    signal?: AbortSignal,
  ): Promise<RegistryAnswer> {
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set("service", service);
    // Several scopes are several parameters.
    for (const one of scope.split(" ")) if (one !== "") url.searchParams.append("scope", one);
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    return send(this.#host, url, { method: "GET", headers, signal });
  }

  #exchange(
    realm: URL,
    { service = "" }: Extract<AuthChallenge, { scheme: "bearer" }>,
    scope: string,
    identityToken: string,
    signal?: AbortSignal,
  ): Promise<RegistryAnswer> {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: identityToken,
      client_id: "nullspace-local",
      service,
      scope,
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return send(this.#host, realm, { method: "POST", headers, body: form.toString(), signal });
  }

  async #read(answer: RegistryAnswer): Promise<{ token: string; seconds: number }> {
    const text = (await readBounded(this.#host, answer, MOST_TOKEN_BYTES)).toString("utf8");
    // What it says of a refusal may repeat what it was sent.
    if (answer.status !== 200) throw new RegistryError("give a token", { host: this.#host, status: answer.status });
    const { data } = TokenAnswer.safeParse(parsed(text));
    const token = data?.token || data?.access_token;
    if (!token) throw new RegistryAwayError(this.#host, "its authorization service answers without a token");
    return { token, seconds: data?.expires_in ?? DEFAULT_TOKEN_SECONDS };
  }
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a host name is this machine, whose traffic nobody else sees. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
