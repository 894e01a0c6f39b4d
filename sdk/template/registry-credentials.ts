import { readFileSync } from "node:fs";
import { object, options, required, secretText, text, type Rule } from "../arguments/index.ts";
import type { BaseImageAuth } from "../wire/registry-auth.ts";
import { REGISTRY_AUTH_NAMES, toWire } from "../wire/member-names.ts";
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

/** Names of the members are checked here, their values where they are used: no message repeats one. */
const CREDENTIAL: Rule = { ...secretText, expected: "a text that is not empty" };
export const BASIC_MEMBERS = { username: CREDENTIAL, password: CREDENTIAL };
export const BASIC_AUTH = options<BasicAuthOptions>(BASIC_MEMBERS);
export const AWS_MEMBERS = {
  accessKeyId: required(CREDENTIAL),
  secretAccessKey: required(CREDENTIAL),
  region: required(CREDENTIAL),
  sessionToken: CREDENTIAL,
};
export const AWS_AUTH = options<AwsAuthOptions>(AWS_MEMBERS);
export const GCP_MEMBERS = {
  serviceAccountJson: required({
    expected: "a service account's key, or the path of its file",
    accepts: (value) => text.accepts(value) || (object.accepts(value) && !Array.isArray(value)),
    isSecret: true,
  }),
};
export const GCP_AUTH = options<{ serviceAccountJson: unknown }>(GCP_MEMBERS);

/** Undefined when neither is given. */
export function basicAuth(argument: string, { username, password }: BasicAuthOptions): BaseImageAuth | undefined {
  if (username === undefined && password === undefined) return undefined;
  return {
    kind: "basic",
    username: credential(`${argument}: username`, username),
    password: credential(`${argument}: password`, password),
  };
}

/** @param account the service account's key, or the path of its JSON file */
export function gcpAuth(argument: string, account: Readonly<Record<string, unknown>> | string): BaseImageAuth {
  const key = typeof account === "string" ? readAccount(argument, account) : { ...account };
  if (Object.keys(key).length === 0) throw new TemplateArgumentError(`${argument}: serviceAccountJson`, "is empty");
  return { kind: "gcp_artifact_registry", service_account_json: key };
}

export function awsAuth(argument: string, options: AwsAuthOptions): BaseImageAuth {
  const { accessKeyId, secretAccessKey, region, sessionToken } = options;
  const given = { accessKeyId, secretAccessKey, region, ...(sessionToken !== undefined && { sessionToken }) };
  for (const [name, value] of Object.entries(given)) credential(`${argument}: ${name}`, value);
  return { kind: "aws_ecr", ...toWire(REGISTRY_AUTH_NAMES, given) };
}

/** Names the member, never its value. */
function credential(argument: string, value: unknown): string {
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new TemplateArgumentError(argument, "must be given, and not empty");
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
