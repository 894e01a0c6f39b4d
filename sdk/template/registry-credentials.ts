import { readFileSync } from "node:fs";
import { BaseImageAuth } from "../wire/registry-auth.ts";
import { TemplateArgumentError } from "./errors.ts";

/** User name and password of a registry: both or neither. */
export interface BasicAuthOptions {
  username?: string | undefined;
  password?: string | undefined;
}

/** Credentials of Amazon ECR. */
export interface AwsAuthOptions {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  sessionToken?: string | undefined;
}

/** Undefined when neither is given. */
export function basicAuth(argument: string, { username, password }: BasicAuthOptions): BaseImageAuth | undefined {
  if (username === undefined && password === undefined) return undefined;
  return checked(argument, { kind: "basic", username, password });
}

/** @param account the service account's key, or the path of its JSON file */
export function gcpAuth(argument: string, account: Readonly<Record<string, unknown>> | string): BaseImageAuth {
  const key = typeof account === "string" ? readAccount(argument, account) : { ...account };
  if (Object.keys(key).length === 0) throw new TemplateArgumentError(`${argument}: serviceAccountJson`, "is empty");
  return checked(argument, { kind: "gcp_artifact_registry", service_account_json: key });
}

export function awsAuth(argument: string, options: AwsAuthOptions): BaseImageAuth {
  return checked(argument, {
    kind: "aws_ecr",
    access_key_id: options.accessKeyId,
    secret_access_key: options.secretAccessKey,
    region: options.region,
    session_token: options.sessionToken,
  });
}

/** Names the member, never its value. */
function checked(argument: string, auth: Record<string, unknown>): BaseImageAuth {
  for (const [name, value] of Object.entries(auth)) {
    if (name === "service_account_json" || (name === "session_token" && value === undefined)) continue;
    if (typeof value !== "string" || value.trim() === "") {
      const member = name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
      throw new TemplateArgumentError(`${argument}: ${member}`, "must be given, and not empty");
    }
  }
  return BaseImageAuth.parse(JSON.parse(JSON.stringify(auth)));
}

function readAccount(argument: string, path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new TemplateArgumentError(`${argument}: serviceAccountJson`, `cannot read ${path}`, { cause });
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch (error) {
    // The parser's message quotes the file, which is a key: it goes no further.
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TemplateArgumentError(`${argument}: serviceAccountJson`, `${path} is not a JSON object`);
}
