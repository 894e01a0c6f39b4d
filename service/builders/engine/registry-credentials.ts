import {
  parseImageRef,
  registryHost,
  type RegistryAuths,
  type RegistryAuth as EngineAuth,
} from "pulumi-nullspace/docker";
import type { BaseImageAuth } from "pulumi-nullspace/wire";
import type { BuildCredentials } from "../../builds/credentials.ts";
import { fetchEcrPassword } from "./ecr-token.ts";

/** User name that Google's Artifact Registry takes with a service account key as the password. */
const GCP_USER = "_json_key";

/**
 * Credentials by registry host, as the engine takes them.
 *
 * @param baseImage image that `base_image_auth` is for; those credentials go to its registry and to no other
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
  switch (auth.kind) {
    case "basic":
      return { username: auth.username, password: auth.password };
    case "gcp_artifact_registry": {
      const key = auth.service_account_json;
      return { username: GCP_USER, password: typeof key === "string" ? key : JSON.stringify(key) };
    }
    case "aws_ecr":
      return { username: "AWS", password: await fetchEcrPassword(auth, { signal }) };
  }
}
