import { NullspaceError } from "../errors.ts";
import { TransportError } from "./errors.ts";

const REFUSED = new Set(["ECONNREFUSED"]);
const UNRESOLVED = new Set(["ENOTFOUND", "EAI_AGAIN", "EAI_FAIL"]);
const UNREACHED = new Set(["UND_ERR_CONNECT_TIMEOUT", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);
const SILENT = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"]);
const TLS = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/;

/**
 * What a failed request of the HTTP library means: who could not be reached, and whether the request may have been acted
 * on (`outcome`), which decides if it can be sent again.
 *
 * @returns undefined when `error` is no failure of the transport, such as one of a file that was being uploaded
 */
export function transportError(
  what: string,
  url: string,
  timeoutMs: number,
  error: unknown,
): TransportError | undefined {
  const code = error instanceof NullspaceError ? undefined : codeOf(error);
  if (code === undefined) return undefined;
  const fail = (
    reason: TransportError["reason"],
    outcome: TransportError["outcome"],
    message: string,
  ): TransportError => new TransportError(`Could not ${what}: ${message}`, { url, reason, outcome, cause: error });

  if (REFUSED.has(code)) {
    return fail(
      "refused",
      "not_sent",
      `nothing answers at ${url}. Start a local service with \`nullspace-local serve\`, or set NULLSPACE_API_URL to the one to use.`,
    );
  }
  if (UNRESOLVED.has(code)) {
    return fail(
      "unresolved",
      "not_sent",
      `the name in ${url} does not resolve (${code}). Check NULLSPACE_API_URL and the network.`,
    );
  }
  if (UNREACHED.has(code)) {
    return fail(
      "timeout",
      "not_sent",
      `no connection to ${url} could be made (${code}). Check NULLSPACE_API_URL and the network.`,
    );
  }
  if (SILENT.has(code)) {
    return fail(
      "timeout",
      "unknown",
      `${url} was silent for ${timeoutMs} ms. Is the service overloaded? A larger timeoutMs waits longer.`,
    );
  }
  if (TLS.test(code)) {
    return fail(
      "broken",
      "not_sent",
      `the certificate of ${url} is not trusted (${code}). Check the URL, or name your authority in NODE_EXTRA_CA_CERTS.`,
    );
  }
  return fail("broken", "unknown", `the connection to ${url} broke (${code}) before the answer was complete.`);
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  // A body that ends before its time comes as a bare TypeError("terminated") around the reason.
  return error.cause === undefined ? undefined : codeOf(error.cause);
}
