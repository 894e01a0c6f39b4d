import { MASK, Redactor } from "pulumi-nullspace/secrets";
import type { BuildDefinition } from "../../builds/build-record.ts";

/**
 * Names of variables and arguments that BuildKit takes for those of secrets (its build check `SecretsUsedInArgOrEnv`): the
 * contract says that neither is a place for one, and people put them there all the same.
 */
const SECRET = /(?:^|_)(?:apikey|auth|credentials?|key|password|passwd|pword|secret|token)(?:_|$)/i;
const NO_SECRET = /(?:^|_)public(?:_|$)/i;

export function isSecretName(name: string): boolean {
  return SECRET.test(name) && !NO_SECRET.test(name);
}

/** A variable or argument as it may be shown. */
export interface ShownVariable {
  name: string;
  /** Absent: values of such are never shown. */
  value?: string;
}

/** Arguments of a Dockerfile, by name; a value whose name is that of a secret is masked. */
export function shownArguments(args: Readonly<Record<string, string>> = {}): ShownVariable[] {
  return Object.entries(args)
    .map(([name, value]) => ({ name, value: isSecretName(name) ? MASK : value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Takes out of the texts of a build (its Dockerfile, log, error) the values that its own names call secret. */
export function redactorOf({ build_args, build_envs, runtime_config }: BuildDefinition): Redactor {
  return new Redactor(secretValues([build_args, build_envs, runtime_config?.default_envs]));
}

/** The values whose names are those of secrets. */
export function secretValues(given: readonly (Readonly<Record<string, string>> | null | undefined)[]): string[] {
  return given.flatMap((values) =>
    Object.entries(values ?? {}).flatMap(([name, value]) => (isSecretName(name) ? [value] : [])),
  );
}
