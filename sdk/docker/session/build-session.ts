import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Duplex } from "node:stream";
import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { compareApiVersions } from "../api-version.ts";
import type { CheckedBuildOptions } from "../build/build-options.ts";
import type { DockerEngine, EnginePing } from "../engine.ts";
import { EngineNotFoundError, UnsupportedByEngineError } from "../errors.ts";
import { authService } from "./auth-service.ts";
import { fileSendService } from "./file-send-service.ts";
import { fileSyncService } from "./file-sync-service.ts";
import { healthService } from "./health-service.ts";
import { secretsService } from "./secrets-service.ts";
import type { SessionService } from "./session-service.ts";
import { sshService } from "./ssh-service.ts";
import type { SyncedFolders } from "./synced-folder.ts";

/** A BuildKit session: while it is open, the engine can ask this client for credentials, secrets and agents. */
export interface BuildSession extends AsyncDisposable {
  /** The `session` of POST /build. */
  readonly id: string;
}

/** First API version without POST /session (deprecated there, and on its way out). */
const LAST_SESSION_API_VERSION = "1.52";

/** Folders for the builder to fetch, and who is told why that broke on this side. */
export interface OfferedFolders extends SyncedFolders {
  onFailure: (error: unknown) => void;
}

/** Opens a session for one build, with what its options offer, and its context unless that is sent with the request. */
export async function openBuildSession(
  engine: DockerEngine,
  facts: EnginePing,
  options: CheckedBuildOptions,
  signal: AbortSignal,
  offered?: OfferedFolders,
): Promise<BuildSession | undefined> {
  if (!hasSessions(facts)) return undefined;
  const services = await clientServices(engine, options, signal);
  if (offered) services.push(fileSyncService(offered.folders, offered.onFailure));
  try {
    return await openSession(engine, services, signal, offered?.sharedKey);
  } catch (error) {
    if (!(error instanceof EngineNotFoundError)) throw error;
    // A build that offers nothing of its own can do without.
    const wanted = (["secrets", "ssh", "outputs"] as const).find((name) => (options[name]?.length ?? 0) > 0);
    if (wanted === undefined) return undefined;
    throw new UnsupportedByEngineError(wanted, `This engine has no sessions (POST /session), which ${wanted} need.`);
  }
}

/** Whether sessions can be had from this engine; one that is no engine may still refuse. */
export function hasSessions({ apiVersion, isPodman }: EnginePing): boolean {
  return !isPodman && compareApiVersions(apiVersion, LAST_SESSION_API_VERSION) <= 0;
}

/** What every build's session offers: credentials, and the secrets, agents and files that its options name. */
export async function clientServices(
  engine: DockerEngine,
  options: CheckedBuildOptions,
  signal: AbortSignal,
): Promise<SessionService[]> {
  const dest = options.outputs?.[0]?.dest;
  return [
    healthService(),
    authService(engine.config, options.auth ?? {}, signal),
    await secretsService(options.secrets ?? []),
    ...(options.ssh && options.ssh.length > 0 ? [sshService(options.ssh)] : []),
    ...(dest === undefined ? [] : [fileSendService(createWriteStream(dest))]),
  ];
}

/** Turns a connection to the engine around: the engine is the client on it, and calls `services` (POST /session). */
async function openSession(
  engine: DockerEngine,
  services: readonly SessionService[],
  signal: AbortSignal,
  sharedKey?: string,
): Promise<BuildSession> {
  const id = newSessionId();
  const headers = sessionHeaders(id, services, sharedKey);
  const request = await engine.versioned({ method: "POST", path: "/session", headers, signal });
  const { socket, head } = await engine.transport.hijack(request, "h2c");
  // The engine may already have begun to speak HTTP/2 in the packet of its answer.
  if (head.length > 0) socket.unshift(head);
  return serveSession(id, services, socket);
}

/** Opens a session on a connection that needs no upgrade (Control.Session of a BuildKit daemon). */
export function startSession(
  services: readonly SessionService[],
  open: (headers: Record<string, string | string[]>) => Duplex,
): BuildSession {
  const id = newSessionId();
  return serveSession(id, services, open(sessionHeaders(id, services)));
}

function newSessionId(): string {
  return randomBytes(16).toString("hex");
}

function sessionHeaders(
  id: string,
  services: readonly SessionService[],
  sharedKey = "",
): Record<string, string | string[]> {
  return {
    "x-docker-expose-session-uuid": id,
    "x-docker-expose-session-name": "pulumi-nullspace",
    "x-docker-expose-session-sharedkey": sharedKey,
    "x-docker-expose-session-grpc-method": services.flatMap(({ definition }) =>
      Object.values(definition).map(({ path }) => path),
    ),
  };
}

function serveSession(id: string, services: readonly SessionService[], socket: Duplex): BuildSession {
  const server = new Server({ "grpc.max_receive_message_length": -1 });
  for (const { definition, handlers } of services) {
    server.addService(definition, handlers as UntypedServiceImplementation);
  }
  // The other end closes the session when the build is over; that is its right, not a failure.
  socket.on("error", () => socket.destroy());
  server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(withoutAlpn(socket));
  return {
    id,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      socket.destroy();
    },
  };
}

/** Node's HTTP/2 turns away a TLS socket that agreed on another protocol; here that was agreed on by the upgrade. */
function withoutAlpn(socket: Duplex): Duplex {
  return "alpnProtocol" in socket ? Duplex.from({ readable: socket, writable: socket }) : socket;
}
