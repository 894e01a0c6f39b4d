import { spawn } from "node:child_process";
import * as z from "zod";
import { RegistryCredentialsError } from "../errors.ts";
import { RegistryCredentials } from "./registry-credentials.ts";

/** A helper may ask a keychain or a cloud; one that takes longer waits for somebody who is not there. */
const HELPER_TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** How a helper says that it has nothing (docker-credential-helpers, credentials/error.go); it is its protocol. */
const NOT_FOUND = "credentials not found in native keychain";
/** User name under which a helper keeps an identity token. */
const TOKEN_USER = "<token>";

const HelperCredentials = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Asks `docker-credential-<name>` for the credentials of a registry.
 *
 * @returns the credentials, or `undefined` when the helper has none
 * @throws RegistryCredentialsError when the helper is missing, fails, or answers something else
 */
export async function getFromHelper(
  name: string,
  serverUrl: string,
  env: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<RegistryCredentials | undefined> {
  const { code, stdout } = await runHelper(name, "get", serverUrl, env, signal);
  if (code !== 0) {
    if (stdout.trim() === NOT_FOUND) return undefined;
    throw new RegistryCredentialsError(
      `The credential helper docker-credential-${name} ended with code ${code} when asked for ${serverUrl}. ` +
        `Try it by hand: echo ${serverUrl} | docker-credential-${name} get`,
    );
  }
  const { Username, Secret } = parseHelper(name, stdout, HelperCredentials);
  // docker-credential-pass has no error for a registry that it does not know (docker-py, credentials/store.py).
  if (Username === "" && Secret === "") return undefined;
  return new RegistryCredentials(
    Username === TOKEN_USER ? { identityToken: Secret } : { username: Username, password: Secret },
  );
}

/** Addresses that a helper has credentials for. */
export async function listHelper(
  name: string,
  env: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<string[]> {
  const { code, stdout } = await runHelper(name, "list", "", env, signal);
  if (code !== 0) {
    throw new RegistryCredentialsError(`The credential helper docker-credential-${name} cannot list (code ${code}).`);
  }
  return Object.keys(parseHelper(name, stdout, z.record(z.string(), z.string())));
}

function parseHelper<T extends z.ZodType>(name: string, stdout: string, schema: T): z.infer<T> {
  try {
    return schema.parse(JSON.parse(stdout));
  } catch {
    // The cause would quote what the helper printed, which may be the secret.
    throw new RegistryCredentialsError(`The credential helper docker-credential-${name} printed something unexpected.`);
  }
}

function runHelper(
  name: string,
  action: "get" | "list",
  input: string,
  env: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<{ code: number | null; stdout: string }> {
  if (!/^[\w.-]+$/.test(name)) {
    throw new RegistryCredentialsError(`${JSON.stringify(name)} is not the name of a credential helper.`);
  }
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number | null; stdout: string }>();
  const timeout = AbortSignal.timeout(HELPER_TIMEOUT_MS);
  const child = spawn(`docker-credential-${name}`, [action], {
    env: env as NodeJS.ProcessEnv,
    stdio: ["pipe", "pipe", "ignore"],
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_OUTPUT_BYTES) child.kill();
    else chunks.push(chunk);
  });
  child.once("error", (cause) => {
    const reason = timeout.aborted
      ? `gave no answer within ${HELPER_TIMEOUT_MS} ms`
      : `could not be run (${cause.message})`;
    reject(
      signal?.aborted
        ? signal.reason
        : new RegistryCredentialsError(
            `The credential helper docker-credential-${name} ${reason}. It is named in Docker's config.json; install it, or remove it there.`,
            cause,
          ),
    );
  });
  child.once("close", (code) => resolve({ code, stdout: Buffer.concat(chunks).toString("utf8") }));
  // A helper that does not read its input is no error by itself: its exit code tells.
  child.stdin.on("error", () => child.stdin.destroy());
  child.stdin.end(input);
  return promise;
}
