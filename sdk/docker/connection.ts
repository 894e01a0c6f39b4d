import net from "node:net";
import type { Duplex } from "node:stream";
import type { EngineHost } from "./engine-host.ts";
import { EngineUnreachableError } from "./errors.ts";
import type { EngineTls } from "./engine-tls.ts";
import { tls } from "./node-http.ts";
import { tlsReason } from "./tls-reason.ts";
import { tooLongForSocket } from "./socket-path.ts";
import { dialSsh } from "./ssh-connection.ts";

/** An engine that does not accept a connection within this time counts as unreachable. */
const CONNECT_TIMEOUT_MS = 10_000;

/** What is to be spoken on a connection; TLS agrees on it in its handshake (ALPN), elsewhere it is known beforehand. */
export type ConnectionProtocol = "http/1.1" | "h2";

/** A server that has no HTTP/2 breaks the handshake off when it is offered nothing else; so it is asked, then judged. */
const ALPN = { "http/1.1": ["http/1.1"], h2: ["h2", "http/1.1"] };

/**
 * Opens one byte stream to the engine.
 *
 * @throws EngineUnreachableError with the address and the system's reason
 */
export function dialEngine(
  host: EngineHost,
  tlsFiles: EngineTls | undefined,
  protocol: ConnectionProtocol = "http/1.1",
): Promise<Duplex> {
  if (host.kind === "ssh") return dialSsh(host);
  return new Promise((resolve, reject) => {
    const socket = openSocket(host, tlsFiles, protocol);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    );
    const failed = (cause: Error) => {
      clearTimeout(timer);
      reject(new EngineUnreachableError(host.display, explain(host, cause), cause));
    };
    socket.once("error", failed);
    socket.once(host.kind === "tcp" && host.tls ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

function openSocket(
  host: Exclude<EngineHost, { kind: "ssh" }>,
  tlsFiles: EngineTls | undefined,
  protocol: ConnectionProtocol,
): net.Socket {
  if (host.kind === "unix") return net.connect({ path: host.path });
  // Builds are silent for minutes; without keep-alive a dead peer would never be noticed.
  const address = { host: host.hostname, port: host.port, keepAlive: true, noDelay: true };
  if (!host.tls) return net.connect(address);
  const servername = net.isIP(host.hostname) ? {} : { servername: host.hostname };
  return tls().connect({ ...address, ...servername, ...tlsFiles, ALPNProtocols: ALPN[protocol] });
}

function explain(host: EngineHost, cause: Error): string {
  const tooLong = host.kind === "unix" ? tooLongForSocket(host.path) : undefined;
  if (tooLong !== undefined) return tooLong;
  switch ((cause as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "the socket does not exist";
    case "ECONNREFUSED":
      return host.kind === "unix" ? "nothing listens on the socket" : "the connection was refused";
    case "EACCES":
    case "EPERM":
      return "this user may not open the socket (add it to the docker group, or use rootless Docker)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name cannot be resolved";
    default:
      return tlsReason(cause) ?? cause.message;
  }
}
