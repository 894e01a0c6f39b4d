import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { DockerConfig } from "../auth/docker-config.ts";
import type { EngineApi } from "../engine-api.ts";
import { EngineNotFoundError } from "../errors.ts";
import { localOutputService } from "./filesync/local-output-service.ts";
import { serveGrpc } from "../grpc/grpc-server.ts";
import { authService } from "./auth-service.ts";
import { fileOutputService } from "./filesync/file-send-service.ts";
import { fileSyncService } from "./filesync/file-sync-service.ts";
import { healthService } from "./health-service.ts";
import { secretsService } from "./secrets-service.ts";
import type { SessionOptions } from "./session-options.ts";
import type { SessionService } from "./session-service.ts";
import { sshService } from "./ssh-service.ts";
import type { SyncedFolders } from "./filesync/synced-folder.ts";

/** A BuildKit session: while it is open, the engine can ask this client for credentials, secrets and agents. */
export interface BuildSession extends Disposable {
  /** The `session` of POST /build. */
  readonly id: string;
}

/** Folders to offer, and who hears of it when they cannot be sent. */
export interface OfferedFolders extends SyncedFolders {
  onFailure: (error: unknown) => void;
}

/** What a session offers, and the name of the copies that BuildKit keeps of its folders. */
export interface SessionOffer {
  services: readonly SessionService[];
  sharedKey: string;
}

/**
 * Opens a session for one build on an engine (POST /session).
 *
 * @param id what the build knows it by; see {@link newSessionId}
 * @returns `undefined` when the engine has no sessions
 */
export async function openBuildSession(
  engine: EngineApi,
  id: string,
  offer: SessionOffer,
  signal: AbortSignal,
): Promise<BuildSession | undefined> {
  try {
    return await openSession(engine, id, offer, signal);
  } catch (error) {
    if (error instanceof EngineNotFoundError) return undefined;
    throw error;
  }
}

/** What every build's session offers: credentials, and the secrets, agents, files and folders that its options name. */
export async function sessionOffer(
  config: DockerConfig,
  options: SessionOptions,
  folders: OfferedFolders | undefined,
  signal: AbortSignal,
): Promise<SessionOffer> {
  const services = [
    healthService(),
    authService(config, options.auth ?? {}, signal),
    await secretsService(options.secrets ?? []),
    ...(options.ssh && options.ssh.length > 0 ? [sshService(options.ssh)] : []),
    ...(options.outputs ?? []).flatMap(({ type, dest }) =>
      dest === undefined ? [] : [type === "local" ? localOutputService(dest) : fileOutputService(dest)],
    ),
    ...(folders ? [fileSyncService(folders.folders, folders.onFailure)] : []),
  ];
  return { services, sharedKey: folders?.sharedKey ?? "" };
}

/** Turns a connection to the engine around: the engine is the client on it, and calls the services (POST /session). */
async function openSession(
  engine: EngineApi,
  id: string,
  offer: SessionOffer,
  signal: AbortSignal,
): Promise<BuildSession> {
  const headers = sessionHeaders(id, offer);
  const request = await engine.versioned({ method: "POST", path: "/session", headers, signal });
  const { socket, head } = await engine.transport.hijack(request, "h2c");
  // The engine may already have begun to speak HTTP/2 in the packet of its answer.
  if (head.length > 0) socket.unshift(head);
  return serveSession(id, offer, socket);
}

/** Opens a session on a connection that needs no upgrade (Control.Session of a BuildKit daemon). */
export function startSession(
  offer: SessionOffer,
  open: (headers: Record<string, string | string[]>) => Duplex,
): BuildSession {
  const id = newSessionId();
  return serveSession(id, offer, open(sessionHeaders(id, offer)));
}

/** An ID for a session that is yet to be opened. */
export function newSessionId(): string {
  return randomBytes(16).toString("hex");
}

function sessionHeaders(id: string, { services, sharedKey }: SessionOffer): Record<string, string | string[]> {
  return {
    "x-docker-expose-session-uuid": id,
    "x-docker-expose-session-name": "pulumi-nullspace",
    "x-docker-expose-session-sharedkey": sharedKey,
    "x-docker-expose-session-grpc-method": services.flat().map(({ path }) => path),
  };
}

function serveSession(id: string, { services }: SessionOffer, socket: Duplex): BuildSession {
  // The other end closes the session when the build is over; that is its right, not a failure.
  socket.on("error", () => socket.destroy());
  const server = serveGrpc(socket, services.flat());
  return {
    id,
    [Symbol.dispose]() {
      server[Symbol.dispose]();
      socket.destroy();
    },
  };
}
