import { readFileSync } from "node:fs";
import type { BuildSecret } from "../wire/registry-auth.ts";
import { TemplateArgumentError } from "./errors.ts";

/** Adds a secret; ids are unique. Messages name the id, never the value. */
export function withSecret(
  argument: string,
  secrets: readonly BuildSecret[],
  secret: { id: string; value: string; source?: BuildSecret["source"] },
): BuildSecret[] {
  if (typeof secret.value !== "string") throw new TemplateArgumentError(`${argument}: value`, "must be a text");
  if (typeof secret.id !== "string" || !/^[A-Za-z0-9._-]+$/.test(secret.id)) {
    throw new TemplateArgumentError(`${argument}: id`, "must be letters, digits, '.', '_' or '-'");
  }
  const { id, value, source = "value" } = secret;
  if (!["value", "env", "file"].includes(source)) {
    throw new TemplateArgumentError(`${argument}: source`, "must be value, env or file");
  }
  if (secrets.some((other) => other.id === id)) {
    throw new TemplateArgumentError(`${argument}: id`, `there is a secret "${id}" already`);
  }
  return [...secrets, { id, value, source }];
}

/** The secret that an environment variable holds. */
export function readSecretEnv(id: string, variable: string, env: NodeJS.ProcessEnv): string {
  const value = env[variable];
  if (value === undefined) {
    throw new TemplateArgumentError(
      "addBuildSecretEnv: variable",
      `${variable} is not set, and secret "${id}" needs it`,
    );
  }
  return value;
}

/** The secret that a file holds, as UTF-8 text, its last newline included. */
export function readSecretFile(id: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new TemplateArgumentError("addBuildSecretFile: path", `cannot read ${path}, and secret "${id}" needs it`, {
      cause,
    });
  }
}
