import type { DockerConfig } from "../auth/docker-config.ts";
import type { RegistryAuth, RegistryAuths } from "../auth/registry-credentials.ts";
import { grpcMethod } from "../grpc/grpc-method.ts";
import { unary } from "../grpc/grpc-server.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import { AuthDefinition, type CredentialsResponse } from "../protos/generated/auth.ts";
import type { SessionService } from "./session-service.ts";

/**
 * Gives BuildKit the credentials for a registry when it asks for them. Only `Credentials` is served: BuildKit then
 * fetches tokens itself, as it does for every client that offers no more.
 */
export function authService(config: DockerConfig, explicit: RegistryAuths, signal: AbortSignal): SessionService {
  return [
    unary(grpcMethod(AuthDefinition, "credentials"), async ({ Host }) => {
      try {
        const credentials = await config.credentialsFor(Host, explicit, signal);
        return credentials ? answer(credentials.reveal()) : NOBODY;
      } catch (error) {
        throw new GrpcStatusError(GRPC_STATUS.unavailable, error instanceof Error ? error.message : String(error));
      }
    }),
  ];
}

const NOBODY: CredentialsResponse = { Username: "", Secret: "" };

/** An identity token travels as a secret without a user name (docker/cli, session auth provider). */
function answer(auth: RegistryAuth): CredentialsResponse {
  if ("identityToken" in auth) return { Username: "", Secret: auth.identityToken };
  if ("registryToken" in auth) return { Username: "", Secret: auth.registryToken };
  return { Username: auth.username, Secret: auth.password };
}
