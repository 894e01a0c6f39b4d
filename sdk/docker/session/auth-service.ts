import { status } from "@grpc/grpc-js";
import type { DockerConfig } from "../auth/docker-config.ts";
import type { RegistryAuth, RegistryAuths } from "../auth/registry-credentials.ts";
import { SESSION_PROTOS } from "./session-proto.ts";
import { loadService, type SessionService } from "./session-service.ts";

/**
 * Gives BuildKit the credentials for a registry when it asks for them. Only `Credentials` is served: BuildKit then
 * fetches tokens itself, as it does for every client that offers no more.
 */
export function authService(config: DockerConfig, explicit: RegistryAuths, signal: AbortSignal): SessionService {
  return {
    definition: loadService(SESSION_PROTOS.auth, "moby.filesync.v1.Auth"),
    handlers: {
      Credentials(call: { request: { Host: string } }, callback) {
        config.credentialsFor(call.request.Host, explicit, signal).then(
          (credentials) => callback(null, credentials ? answer(credentials.reveal()) : {}),
          (error: unknown) => callback({ code: status.UNAVAILABLE, details: messageOf(error) }),
        );
      },
    },
  };
}

/** An identity token travels as a secret without a user name (docker/cli, session auth provider). */
function answer(auth: RegistryAuth): { Username: string; Secret: string } {
  if ("identityToken" in auth) return { Username: "", Secret: auth.identityToken };
  if ("registryToken" in auth) return { Username: "", Secret: auth.registryToken };
  return { Username: auth.username, Secret: auth.password };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
