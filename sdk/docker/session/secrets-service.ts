import { readFile, stat } from "node:fs/promises";
import type { BuildSecret } from "./session-options.ts";
import { DockerOptionError } from "../errors.ts";
import { grpcMethod } from "../grpc/grpc-method.ts";
import { unary } from "../grpc/grpc-server.ts";
import { GRPC_STATUS, GrpcStatusError } from "../grpc/grpc-status.ts";
import { SecretsDefinition } from "../protos/generated/secrets.ts";
import type { SessionService } from "./session-service.ts";

/** BuildKit's own limit (buildkit, session/secrets/secretsprovider/secretsprovider.go); it mounts secrets in memory. */
const MAX_SECRET_BYTES = 500 * 1024;

/**
 * Gives BuildKit a secret when a `RUN --mount=type=secret` asks for it. All are read beforehand, so that a missing one
 * is an error before the build has begun.
 *
 * @throws DockerOptionError for a secret that cannot be read or is too large
 */
export async function secretsService(
  secrets: readonly BuildSecret[],
  env: Record<string, string | undefined> = process.env,
): Promise<SessionService> {
  const values = new Map<string, Uint8Array>();
  for (const secret of secrets) values.set(secret.id, await readSecret(secret, env));
  return [
    unary(grpcMethod(SecretsDefinition, "getSecret"), ({ ID }) => {
      const data = values.get(ID);
      if (data) return { data };
      throw new GrpcStatusError(GRPC_STATUS.notFound, `no secret with the id ${ID} was given`);
    }),
  ];
}

async function readSecret(secret: BuildSecret, env: Record<string, string | undefined>): Promise<Uint8Array> {
  const data =
    "value" in secret
      ? Buffer.from(secret.value)
      : "file" in secret
        ? await readSecretFile(secret)
        : fromEnv(secret, env);
  if (data.length > MAX_SECRET_BYTES) throw tooLarge(secret.id);
  return data;
}

function fromEnv({ id, env: name }: { id: string; env: string }, env: Record<string, string | undefined>): Buffer {
  const value = env[name];
  if (value !== undefined) return Buffer.from(value);
  throw new DockerOptionError("secrets", `Secret ${id}: the environment variable ${name} is not set.`);
}

async function readSecretFile({ id, file }: { id: string; file: string }): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_SECRET_BYTES) throw tooLarge(id);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof DockerOptionError) throw cause;
    throw new DockerOptionError("secrets", `Secret ${id}: the file ${file} cannot be read.`, cause);
  }
}

function tooLarge(id: string): DockerOptionError {
  return new DockerOptionError("secrets", `Secret ${id} is larger than BuildKit takes (${MAX_SECRET_BYTES} bytes).`);
}
