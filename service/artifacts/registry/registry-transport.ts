import type { Readable } from "node:stream";
import { Agent, EnvHttpProxyAgent, errors, request, type Dispatcher } from "undici";
import { asError } from "../../errors.ts";
import { unlessBusy } from "./busy-registry.ts";
import { RegistryAwayError } from "./registry-errors.ts";

/** A registry that does not even accept a connection within this time is away. */
const CONNECT_MS = 10_000;
/** Until the headers of an answer are there; a registry checks what it was sent before it answers. */
const HEADERS_MS = 60_000;
/** Between two pieces of a body. */
const SILENCE_MS = 60_000;
/** Registries send clients on to where the bytes are: once, at most twice. */
const MOST_REDIRECTS = 5;

const LIMITS = { connect: { timeout: CONNECT_MS }, headersTimeout: HEADERS_MS, bodyTimeout: SILENCE_MS };

/** One request to a registry, or to where it leads. */
export interface RegistryRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  /** A function gives it again each time that it is sent. */
  readonly body?: string | Buffer | (() => Promise<Readable | Buffer>);
  readonly signal?: AbortSignal | undefined;
}

/** The answer, whose body has to be read or dropped. */
export interface RegistryAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** All values of a header. */
  headers(name: string): readonly string[];
  readonly body: Dispatcher.ResponseData["body"];
}

let direct: Agent | undefined;
let proxied: EnvHttpProxyAgent | undefined;

/** This machine is not reached through a proxy, whatever the environment says. Shared by all registries: pools are by origin. */
function dispatcherFor({ hostname }: URL): Dispatcher {
  if (/^(localhost|127\.|\[::1\])/.test(hostname)) return (direct ??= new Agent(LIMITS));
  return (proxied ??= new EnvHttpProxyAgent(LIMITS));
}

/**
 * Sends a request, and follows where a registry leads (for GET and HEAD). Credentials stay with the host that they are for. One that
 * is too busy is asked again.
 *
 * @param host of the registry, for errors
 * @throws RegistryAwayError, or the signal's reason
 */
export async function send(host: string, to: URL, one: RegistryRequest): Promise<RegistryAnswer> {
  let at = to;
  let headers = { ...one.headers };
  for (let hops = 0; ; hops++) {
    const [url, sent] = [at, { ...one, headers }];
    const answer = await unlessBusy(host, () => sendOnce(host, url, sent), one.signal);
    const place = answer.header("location");
    const isLed = [301, 302, 303, 307, 308].includes(answer.status) && (one.method === "GET" || one.method === "HEAD");
    if (!isLed || place === undefined) return answer;
    await answer.body.dump();
    if (hops === MOST_REDIRECTS) throw new RegistryAwayError(host, "it redirects without end");
    const next = URL.canParse(place, at.href) ? new URL(place, at.href) : undefined;
    if (next === undefined || (at.protocol === "https:" && next.protocol !== "https:")) {
      throw new RegistryAwayError(host, "it redirects to what is not an address, or without HTTPS");
    }
    if (next.origin !== at.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "authorization"));
    }
    at = next;
  }
}

async function sendOnce(
  host: string,
  url: URL,
  { method, headers, body, signal }: RegistryRequest,
): Promise<RegistryAnswer> {
  const content = typeof body === "function" ? await body() : (body ?? null);
  try {
    const answer = await request(url.href, {
      method,
      headers: { "user-agent": "nullspace-local", ...headers },
      body: content,
      dispatcher: dispatcherFor(url),
      ...(signal && { signal }),
    });
    const values = (name: string) => {
      const value = answer.headers[name];
      return value === undefined ? [] : [value].flat();
    };
    return {
      status: answer.statusCode,
      header: (name) => values(name)[0],
      headers: values,
      body: answer.body.on("error", () => undefined),
    };
  } catch (error) {
    signal?.throwIfAborted();
    throw new RegistryAwayError(host, reasonOf(error), error);
  }
}

/** Why nothing came back: the address of a redirect may hold a signature, so that only the kind is told. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.ConnectTimeoutError) return `it accepted no connection within ${CONNECT_MS / 1_000} s`;
  if (error instanceof errors.HeadersTimeoutError) return `it did not answer within ${HEADERS_MS / 1_000} s`;
  if (error instanceof errors.BodyTimeoutError) return `it fell silent for ${SILENCE_MS / 1_000} s`;
  const { code, message } = asError(error) as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return "nothing listens there";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "its name is not known";
  return code === undefined ? message : `the connection failed (${code})`;
}

/** Reads a body that is not to be larger than `mostBytes`. @throws RegistryAwayError when it is */
export async function readBounded(host: string, { body }: RegistryAnswer, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    if (asError(error).name === "AbortError") throw error;
    throw new RegistryAwayError(host, reasonOf(error), error);
  }
  if (bytes > mostBytes)
    throw new RegistryAwayError(host, `it answers with more than ${mostBytes} bytes where less is enough`);
  return Buffer.concat(chunks);
}
