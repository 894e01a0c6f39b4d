import type { Dispatcher } from "undici";

/** Connections to the service at once; follow streams hold one each. */
export const MAX_CONNECTIONS = 16;
const KEEP_ALIVE_MS = 5_000;
const CONNECT_TIMEOUT_MS = 10_000;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Is this the machine itself? */
export function isLoopback(baseUrl: string): boolean {
  return LOOPBACK.test(new URL(baseUrl).hostname);
}

/**
 * A keep-alive pool to the service, through the proxy that the usual variables name; a service on this machine is always
 * called directly. Loads undici at the first call: programs that only import the SDK do not pay for it.
 */
export async function openDispatcher(
  baseUrl: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Dispatcher> {
  const { Agent, EnvHttpProxyAgent } = await import("./http-library.ts");
  const options = {
    connections: MAX_CONNECTIONS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  };
  const httpProxy = env.http_proxy ?? env.HTTP_PROXY;
  const httpsProxy = env.https_proxy ?? env.HTTPS_PROXY;
  if (isLoopback(baseUrl) || !(httpProxy || httpsProxy)) return new Agent(options);
  const noProxy = env.no_proxy ?? env.NO_PROXY;
  return new EnvHttpProxyAgent({
    ...options,
    ...(httpProxy && { httpProxy }),
    ...(httpsProxy && { httpsProxy }),
    ...(noProxy && { noProxy }),
  });
}
