import { createHash, createHmac } from "node:crypto";
import { request } from "undici";
import { z } from "zod";
import { BuildFailure } from "../../builds/build-failure.ts";

/** Access key of an AWS account. */
export interface AwsKey {
  access_key_id: string;
  secret_access_key: string;
  region: string;
  session_token?: string | undefined;
}

const TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
const BODY = "{}";
const Answer = z.object({ authorizationData: z.array(z.object({ authorizationToken: z.string() })).min(1) });

/** Where ECR answers for a region. Those in China are a partition of their own, under a domain of their own. */
export function ecrEndpoint(region: string): string {
  return `https://api.ecr.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}

/**
 * Exchanges an AWS access key for the password of the account's container registry (ECR, GetAuthorizationToken; valid
 * for twelve hours).
 *
 * @param options.endpoint default that of the region
 * @throws BuildFailure of the phase `auth`
 */
export async function fetchEcrPassword(
  key: AwsKey,
  options: { signal: AbortSignal; endpoint?: string; now?: Date },
): Promise<string> {
  const endpoint = new URL(options.endpoint ?? ecrEndpoint(key.region));
  const headers = {
    "content-type": "application/x-amz-json-1.1",
    host: endpoint.host,
    "x-amz-target": TARGET,
  };
  const signed = signRequest({
    key,
    service: "ecr",
    method: "POST",
    path: "/",
    headers,
    body: BODY,
    now: options.now ?? new Date(),
  });
  const { statusCode, body } = await request(endpoint, {
    method: "POST",
    headers: signed,
    body: BODY,
    signal: options.signal,
    headersTimeout: 15_000,
    bodyTimeout: 15_000,
  }).catch((error: unknown) => {
    throw refused(key.region, `${endpoint.host} does not answer`, error);
  });
  const text = await body.text();
  if (statusCode !== 200) {
    // AWS answers with the class of the error and no more than the key's id; nothing secret is in it.
    const kind = /"__type":\s*"([^"]+)"/.exec(text)?.[1] ?? `status ${statusCode}`;
    throw refused(key.region, kind);
  }
  const token = Answer.safeParse(JSON.parse(text));
  if (!token.success) throw refused(key.region, "its answer holds no token");
  const [, password = ""] = Buffer.from(token.data.authorizationData[0]?.authorizationToken ?? "", "base64")
    .toString()
    .split(/:(.*)/s);
  return password;
}

/** A request for {@link signRequest}. */
export interface SignableRequest {
  key: AwsKey;
  service: string;
  method: string;
  path: string;
  /** Lower-case names, `host` among them. */
  headers: Record<string, string>;
  body: string;
  now: Date;
}

/** Signs a request (AWS Signature Version 4). @returns its headers with `authorization` */
export function signRequest({
  key,
  service,
  method,
  path,
  headers,
  body,
  now,
}: SignableRequest): Record<string, string> {
  const time = now.toISOString().replace(/[-:]|\.\d{3}/g, "");
  const day = time.slice(0, 8);
  const all: Record<string, string> = {
    ...headers,
    "x-amz-date": time,
    ...(key.session_token !== undefined && { "x-amz-security-token": key.session_token }),
  };
  const names = Object.keys(all).sort();
  const canonical = [
    method,
    path,
    "",
    ...names.map((name) => `${name}:${all[name]?.trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    sha256(body),
  ].join("\n");
  const scope = `${day}/${key.region}/${service}/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const signingKey = [day, key.region, service, "aws4_request"].reduce<Buffer | string>(
    (secret, part) => createHmac("sha256", secret).update(part).digest(),
    `AWS4${key.secret_access_key}`,
  );
  const signature = createHmac("sha256", signingKey).update(toSign).digest("hex");
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${key.access_key_id}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`,
  };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function refused(region: string, why: string, cause?: unknown): BuildFailure {
  return new BuildFailure(`AWS gave no password for the container registry of ${region}: ${why}.`, {
    phase: "auth",
    reason: "registry_auth_failed",
    retryable: cause !== undefined,
    suggestedAction: "Check the access key, its region, and that it may call ecr:GetAuthorizationToken.",
    cause,
  });
}
