import { callback, like, optional, signal as abortSignal } from "../../arguments/index.ts";
import { check } from "../argument-rules.ts";
import { RegistryCredentialsError } from "../errors.ts";
import type { RegistryAuth } from "./registry-credentials.ts";

/**
 * Credentials for a registry in the forms that templates know. The schema that bodies and inputs are checked with is the
 * wire's `BaseImageAuth`, and there is no second one here; this type says what `resolveCloudAuth` needs of it, since this
 * client knows no service, and is of use without one.
 */
export type CloudRegistryAuth =
  | { kind: "basic"; username: string; password: string }
  | {
      kind: "gcp_artifact_registry";
      /** Key of a service account: the object, or its JSON text. */
      service_account_json: Record<string, unknown> | string;
    }
  | {
      kind: "aws_ecr";
      access_key_id: string;
      secret_access_key: string;
      region: string;
      session_token?: string | undefined;
    };

/** Keys of an AWS account that may read a registry. */
export type AwsKeys = Extract<CloudRegistryAuth, { kind: "aws_ecr" }>;

/** Asks ECR for an authorization token (base64 of user:password). */
export type EcrTokenSource = (keys: AwsKeys, signal?: AbortSignal) => Promise<string | undefined>;

/** User name under which Artifact Registry takes a service account's key as the password. */
const GCP_KEY_USER = "_json_key";

const CLOUD_AUTH = like("credentials with a kind: basic, gcp_artifact_registry or aws_ecr", ({ kind }) =>
  ["basic", "gcp_artifact_registry", "aws_ecr"].includes(kind as string),
);

/**
 * Turns a cloud's credentials into a user name and a password.
 *
 * @param getEcrToken how to get ECR's token; left out, the AWS SDK is asked (`@aws-sdk/client-ecr`, which has to be installed)
 * @throws RegistryCredentialsError when ECR gives no token, or its client is not installed
 * @example
 * ```ts
 * const auth = await resolveCloudAuth({
 *   kind: "aws_ecr",
 *   access_key_id: process.env.AWS_ACCESS_KEY_ID!,
 *   secret_access_key: process.env.AWS_SECRET_ACCESS_KEY!,
 *   region: "eu-central-1",
 * });
 * const engine = new DockerEngine();
 * await engine.build({ path: "./app", auth: { "123456789012.dkr.ecr.eu-central-1.amazonaws.com": auth } }).done;
 * await engine.close();
 * ```
 */
export async function resolveCloudAuth(
  auth: CloudRegistryAuth,
  signal?: AbortSignal,
  getEcrToken: EcrTokenSource = getTokenWithAwsSdk,
): Promise<RegistryAuth> {
  check(
    "resolveCloudAuth",
    { auth: CLOUD_AUTH, signal: optional(abortSignal), getEcrToken: callback },
    { auth, signal, getEcrToken },
  );
  switch (auth.kind) {
    case "basic":
      return { username: auth.username, password: auth.password };
    case "gcp_artifact_registry": {
      const key = auth.service_account_json;
      return { username: GCP_KEY_USER, password: typeof key === "string" ? key : JSON.stringify(key) };
    }
    case "aws_ecr": {
      const token = await getEcrToken(auth, signal).catch((error: unknown) => {
        throw signal?.aborted || error instanceof RegistryCredentialsError ? error : ecrRefusal(auth, error);
      });
      const decoded = Buffer.from(token ?? "", "base64").toString("utf8");
      const colon = decoded.indexOf(":");
      if (colon < 0)
        throw new RegistryCredentialsError(
          `ECR of ${auth.region} gave no authorization token. Check that the key may call ecr:GetAuthorizationToken.`,
        );
      return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
    }
  }
}

/** In words, without the error itself: the AWS SDK's holds the request, whose headers have the session token. */
function ecrRefusal({ region }: AwsKeys, error: unknown): RegistryCredentialsError {
  const { name, message, $metadata } = (error instanceof Error ? error : new Error(String(error))) as AwsError;
  const status = $metadata?.httpStatusCode;
  return new RegistryCredentialsError(
    `ECR of ${region} gave no authorization token (${name}: ${message}). Check the key, its permission ` +
      "ecr:GetAuthorizationToken, and whether this machine reaches ECR.",
    undefined,
    { retryable: status === undefined || status >= 500 },
  );
}

/** An error of the AWS SDK; without a status nobody answered. */
interface AwsError extends Error {
  $metadata?: { httpStatusCode?: number };
}

const AWS_CLIENT = "@aws-sdk/client-ecr";

/** How long ECR may take for a connection, and for its answer; the client itself waits without a limit. */
const ECR_TIMEOUT_MS = 15_000;

/** What is used of the AWS SDK's client, whose types are absent when it is not installed. */
interface EcrModule {
  ECRClient: new (config: object) => {
    send(command: object, options: object): Promise<{ authorizationData?: { authorizationToken?: string }[] }>;
    destroy(): void;
  };
  GetAuthorizationTokenCommand: new (input: object) => object;
}

async function getTokenWithAwsSdk(keys: AwsKeys, signal?: AbortSignal): Promise<string | undefined> {
  const { ECRClient, GetAuthorizationTokenCommand } = await importAwsClient();
  const client = new ECRClient({
    region: keys.region,
    requestHandler: {
      connectionTimeout: ECR_TIMEOUT_MS,
      requestTimeout: ECR_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    credentials: {
      accessKeyId: keys.access_key_id,
      secretAccessKey: keys.secret_access_key,
      ...(keys.session_token === undefined ? {} : { sessionToken: keys.session_token }),
    },
  });
  try {
    const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
    return authorizationData?.[0]?.authorizationToken;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    client.destroy();
  }
}

async function importAwsClient(): Promise<EcrModule> {
  try {
    // The name is not a literal, so that the compiler and bundlers do not ask for an optional dependency.
    return (await import(AWS_CLIENT as string)) as EcrModule;
  } catch (cause) {
    throw new RegistryCredentialsError(
      `Credentials for ECR need the AWS SDK's client: npm install ${AWS_CLIENT}.`,
      cause,
    );
  }
}
