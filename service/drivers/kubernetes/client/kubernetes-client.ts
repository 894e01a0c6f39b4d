import { answerTimeout, pause } from "pulumi-nullspace/concurrency";
import type { Readable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { NullspaceError } from "pulumi-nullspace/sdk";
import { Agent, errors, request as send, type Dispatcher } from "undici";
import * as z from "zod";
import type { ClusterAccess, Identity } from "./cluster-access.ts";
import { KubernetesAwayError, KubernetesError, type StatusFacts } from "./errors.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** One request to the API server. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** From `/api` or `/apis` on. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** @default `application/json` */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Longest time for the whole answer, milliseconds. @default that of the client */
  readonly timeoutMs?: number;
}

/** `metav1.Status`, as far as it is read. */
const Status = z.looseObject({
  kind: z.literal("Status"),
  message: z.string().nullish(),
  reason: z.string().nullish(),
  details: z
    .looseObject({
      causes: z.array(z.looseObject({ reason: z.string().nullish() })).nullish(),
      retryAfterSeconds: z.number().nullish(),
    })
    .nullish(),
});

const TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** An answer that is longer is not read: no object or page of a list that is asked for here is. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_STATUS_BYTES = 64 * 1024;
/** A server that is too busy says when to come again (429, 503 with Retry-After); it did nothing yet. */
const BUSY_TRIES = 5;
const MAX_RETRY_AFTER_MS = 10_000;
/** A stream of changes without so much as a bookmark for so long is dead: those come each minute. */
const SILENCE_MS = 120_000;

/** Codes of errors of OpenSSL, and of what Node finds wrong with a certificate (`tls.TLSSocket`: "X509 certificate error codes"). */
const TLS_CODES = /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA)/;

/** The API of a cluster over HTTP. Knows no kind of object. */
export class KubernetesClient {
  readonly access: ClusterAccess;
  #agent: { readonly agent: Agent; readonly tls: ReturnType<typeof tlsOptions> } | undefined;
  /** Agents of former certificates: what was begun with them goes on. */
  readonly #former = new Set<Agent>();
  readonly #callLimitMs: number;
  #isClosed = false;

  /** @param callLimitMs longest time for a whole answer where a request does not say, milliseconds */
  constructor(access: ClusterAccess, callLimitMs = TIMEOUT_MS) {
    this.access = access;
    this.#callLimitMs = callLimitMs;
  }

  /**
   * Sends a request, and reads what it answers.
   *
   * @throws KubernetesError, KubernetesAwayError, CredentialsError; the signal's reason
   */
  async json<S extends z.ZodType>(request: ApiRequest, schema: S): Promise<z.infer<S>> {
    const text = await this.text(request);
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new KubernetesAwayError(this.access.server, nameOf(request), "its answer is not what was asked for", cause);
    }
  }

  /** As {@link json}, with the answer as it comes. */
  async text(request: ApiRequest): Promise<string> {
    using timeout = answerTimeout(request.timeoutMs ?? this.#callLimitMs);
    const signal = request.signal === undefined ? timeout.signal : AbortSignal.any([request.signal, timeout.signal]);
    try {
      const body = await this.#ask(request, signal);
      return (await readAll(body, MAX_ANSWER_BYTES)).toString("utf8");
    } catch (error) {
      throw this.#explain(request, error, timeout.signal);
    }
  }

  /**
   * Sends a request whose answer goes on for as long as there is something to tell. It ends with an error when it is silent for
   * two minutes.
   */
  async stream(request: ApiRequest): Promise<Readable> {
    using timeout = answerTimeout(request.timeoutMs ?? this.#callLimitMs);
    const begin = new AbortController();
    const giveUp = () => begin.abort(timeout.signal.reason);
    timeout.signal.addEventListener("abort", giveUp);
    const signal = request.signal === undefined ? begin.signal : AbortSignal.any([request.signal, begin.signal]);
    try {
      return await this.#ask(request, signal);
    } catch (error) {
      throw this.#explain(request, error, timeout.signal);
    } finally {
      // From here on only silence ends it.
      timeout.signal.removeEventListener("abort", giveUp);
    }
  }

  /** What a connection needs that is not made here: a WebSocket. */
  async identity(signal?: AbortSignal): Promise<Identity> {
    return this.access.credentials.get(signal);
  }

  /** What went wrong with a request, as this client tells it. */
  awayError(request: string, cause: unknown): KubernetesAwayError {
    return new KubernetesAwayError(this.access.server, request, reasonOf(cause), cause);
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const agents = [...this.#former, ...(this.#agent === undefined ? [] : [this.#agent.agent])];
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  /** Whatever proves who asks, or who answers, was refused: what is kept of it is looked up again for the next request. */
  forgetCredentials(): void {
    this.access.credentials.refused();
    this.access.ca?.lookAgain();
  }

  /** @returns the body of a good answer */
  async #ask(request: ApiRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData["body"]> {
    let isFresh = false;
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      const identity = await this.access.credentials.get(signal);
      let answer: Dispatcher.ResponseData;
      try {
        answer = await this.#send(request, identity, signal);
      } catch (error) {
        // Certificates may have been renewed since they were read. What is refused so was not carried out.
        if (isFresh || !isTlsRefusal(error) || signal.aborted) throw error;
        isFresh = true;
        this.forgetCredentials();
        continue;
      }
      const { statusCode, headers, body } = answer;
      if (statusCode < 300) return body;
      const facts = await readStatus(statusCode, headers["retry-after"], body);
      // A token or certificate may have been renewed since it was read: once it is asked for again.
      if (statusCode === 401 && !isFresh) {
        isFresh = true;
        this.forgetCredentials();
        continue;
      }
      const waitMs = facts.retryAfterMs;
      if ((statusCode !== 429 && statusCode !== 503) || waitMs === undefined || tries >= BUSY_TRIES) {
        throw new KubernetesError(nameOf(request), facts);
      }
      try {
        await pause(Math.min(waitMs, MAX_RETRY_AFTER_MS) * (1 + Math.random() / 2), signal);
      } catch (error) {
        // The time is up: it did answer, and what it said is the reason.
        throw request.signal?.aborted ? error : new KubernetesError(nameOf(request), facts, error);
      }
    }
  }

  async #send(request: ApiRequest, identity: Identity, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { method, body, contentType = "application/json" } = request;
    const url = `${this.access.server}${request.path}${queryText(request.query)}`;
    const options = {
      method,
      signal,
      dispatcher: this.#agentFor(identity),
      headers: {
        accept: "application/json",
        "user-agent": "nullspace-local",
        ...(identity.token !== undefined && { authorization: `Bearer ${identity.token}` }),
        ...(body !== undefined && { "content-type": contentType }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const discard = ({ body }: Dispatcher.ResponseData) => void body.destroy();
    try {
      return await unlessAborted(send(url, options), signal, discard);
    } catch (error) {
      // A connection that was kept open may have been closed by the server a moment ago; asking again is safe.
      if (method !== "GET" || !(error instanceof errors.SocketError) || signal.aborted) throw error;
      return unlessAborted(send(url, options), signal, discard);
    }
  }

  /** A certificate belongs to a connection: another one needs other connections. */
  #agentFor(identity: Identity): Agent {
    if (this.#isClosed) throw new errors.ClientDestroyedError("the client is closed");
    const tls = tlsOptions(this.access, identity);
    const before = this.#agent;
    if (before !== undefined && isDeepStrictEqual(before.tls, tls)) return before.agent;
    if (before !== undefined) {
      this.#former.add(before.agent);
      void before.agent.close().finally(() => this.#former.delete(before.agent));
    }
    const agent = new Agent({
      connect: { ...tls, timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: SILENCE_MS,
      bodyTimeout: SILENCE_MS,
    });
    this.#agent = { agent, tls };
    return agent;
  }

  #explain(request: ApiRequest, error: unknown, late: AbortSignal): unknown {
    if (request.signal?.aborted) return request.signal.reason;
    if (late.aborted && !(error instanceof KubernetesError)) {
      const why = `it takes longer than ${request.timeoutMs ?? this.#callLimitMs} ms`;
      return new KubernetesAwayError(this.access.server, nameOf(request), why, error);
    }
    return error instanceof NullspaceError ? error : this.awayError(nameOf(request), error);
  }
}

/** What `tls.connect` needs to know of a cluster. */
export function tlsOptions(
  { ca, serverName, isInsecure }: Pick<ClusterAccess, "ca" | "serverName" | "isInsecure">,
  { cert, key }: Pick<Identity, "cert" | "key">,
) {
  return {
    ...(ca !== undefined && { ca: ca.text }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(isInsecure && { rejectUnauthorized: false }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

/** Whether a connection ended because of a certificate: the server's, or that of this client, as the server sees it. */
export function isTlsRefusal(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === "string" && TLS_CODES.test(code)) return true;
  return cause !== undefined && cause !== error && isTlsRefusal(cause);
}

/** The query of a URL, with its question mark; members that are undefined are left out. */
export function queryText(query: ApiRequest["query"] = {}): string {
  const present = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) present.set(name, String(value));
  return present.size === 0 ? "" : `?${present.toString()}`;
}

/** Reads what a refused request says of itself. */
export async function readStatus(
  status: number,
  retryAfter: string | string[] | undefined,
  body: AsyncIterable<Buffer>,
): Promise<StatusFacts> {
  let text = "";
  try {
    text = (await readAll(body, MAX_STATUS_BYTES)).toString("utf8");
  } catch {
    // The status alone says what there is to say.
  }
  const parsed = Status.safeParse(tryJson(text));
  const seconds = Number(retryAfter ?? parsed.data?.details?.retryAfterSeconds ?? Number.NaN);
  const wait = Number.isFinite(seconds) && seconds >= 0 && { retryAfterMs: seconds * 1000 };
  // A proxy's page is nobody's answer.
  if (!parsed.success) return { status, reason: "", causes: [], message: "without saying why", ...wait };
  const { reason, message, details } = parsed.data;
  const causes = (details?.causes ?? []).flatMap((cause) => (cause.reason == null ? [] : [cause.reason]));
  return { status, reason: reason ?? "", causes, message: message || "without saying why", ...wait };
}

async function readAll(body: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new RangeError(`an answer of more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "the connection broke off";
  const { code } = cause as NodeJS.ErrnoException;
  return cause.message || code || "the connection broke off";
}
