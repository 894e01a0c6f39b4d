import { stripVTControlCharacters } from "node:util";
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

/** Further names that people give to secrets of what runs: `DB_PASS`, `SMTP_PWD`, `SIGNING_SALT`, `SENTRY_DSN`. */
const SECRET_OF_MACHINE =
  /(?:^|_)(?:pass|passphrase|pin|otp|salt|seed|dsn|jwt|pat|cookie|session|signature|bearer|private)(?:_|$)|_pwd(?:_|$)/i;

/** Whether a variable of a machine is named as secrets are. More names than BuildKit's: no line of a log is lost by one. */
export function isSecretVariable(name: string): boolean {
  return isSecretName(name) || (SECRET_OF_MACHINE.test(name) && !NO_SECRET.test(name));
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

/**
 * Takes out of the texts of a build (its Dockerfile, log, error) the values that its own names call secret.
 *
 * @param isSecret told by the name of a variable that machines have. Default: as BuildKit does
 */
export function redactorOf(
  { build_args, build_envs, runtime_config }: BuildDefinition,
  isSecret: (name: string) => boolean = isSecretName,
): Redactor {
  return new Redactor([
    ...secretValues([build_args, build_envs]),
    ...secretValues([runtime_config?.default_envs], isSecret),
  ]);
}

/** The values whose names are those of secrets. @param isSecret told by the name. Default: as BuildKit does */
export function secretValues(
  given: readonly (Readonly<Record<string, string>> | null | undefined)[],
  isSecret: (name: string) => boolean = isSecretName,
): string[] {
  return given.flatMap((values) =>
    Object.entries(values ?? {}).flatMap(([name, value]) => (isSecret(name) ? [value] : [])),
  );
}

/** What a builder said, as a person reads it: without secrets, and without a terminal's codes for colours and the cursor. */
export function saidText(text: string, redactor: Redactor): string {
  // Looked through twice: codes may stand inside of a secret, in the text and in the secret itself.
  return redactor.text(stripVTControlCharacters(redactor.text(text)));
}
