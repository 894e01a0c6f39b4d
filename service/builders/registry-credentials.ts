import {
  parseImageRef,
  RegistryCredentialsError,
  registryHost,
  resolveCloudAuth,
  type RegistryAuths,
  type RegistryAuth as EngineAuth,
} from "pulumi-nullspace/docker";
import type { BaseImageAuth } from "pulumi-nullspace/wire";
import { BuildFailure } from "../builds/build-failure.ts";
import type { BuildCredentials } from "../builds/credentials.ts";

/**
 * Credentials by registry host, as the engine takes them.
 *
 * @param baseImage image that `base_image_auth` is for; those credentials go to its registry and to no other
 * @throws BuildFailure of the phase `auth` when a cloud gives no password for what the build was sent
 */
export async function registryAuths(
  credentials: BuildCredentials,
  baseImage: string | undefined,
  signal: AbortSignal,
): Promise<RegistryAuths> {
  const auths: RegistryAuths = {};
  if (credentials.baseImageAuth !== undefined && baseImage !== undefined) {
    auths[parseImageRef(baseImage).registry] = await toEngineAuth(credentials.baseImageAuth, signal);
  }
  for (const { registry, auth } of credentials.registryAuth)
    auths[registryHost(registry)] = await toEngineAuth(auth, signal);
  for (const auth of Object.values(auths)) if ("password" in auth) credentials.alsoSecret(auth.password);
  return auths;
}

async function toEngineAuth(auth: BaseImageAuth, signal: AbortSignal): Promise<EngineAuth> {
  try {
    return await resolveCloudAuth(auth, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RegistryCredentialsError)) throw error;
    throw new BuildFailure(error.message, {
      phase: "auth",
      reason: "registry_auth_failed",
      retryable: error.retryable,
      suggestedAction: "Check the credentials that the build was sent for the registry.",
      cause: error,
    });
  }
}
