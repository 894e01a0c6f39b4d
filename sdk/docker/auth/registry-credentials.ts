import { object } from "../../arguments/index.ts";
import { check } from "../argument-rules.ts";
import { inspect } from "node:util";

/** Credentials as a caller gives them. */
export type RegistryAuth =
  | { username: string; password: string }
  /** A token that the registry's authorization service takes in place of a password. */
  | { identityToken: string }
  /** A token that is sent to the registry as it is. */
  | { registryToken: string };

/** Credentials by registry host, such as `{ "registry.example:5000": { username, password } }`. */
export type RegistryAuths = Record<string, RegistryAuth>;

/**
 * Credentials that never show in `util.inspect`, in JSON, or in text made of them.
 *
 * @example
 * ```ts
 * const credentials = new RegistryCredentials({ username: "ci", password: "hunter2" });
 * console.log(`${credentials}`); // nothing of the password
 * credentials.reveal(); // { username: "ci", password: "hunter2" }
 * ```
 */
export class RegistryCredentials {
  readonly #auth: RegistryAuth;

  constructor(auth: RegistryAuth) {
    check("RegistryCredentials", { auth: { ...object, isSecret: true } }, { auth });
    this.#auth = auth;
  }

  /** The credentials in clear. */
  reveal(): RegistryAuth {
    return this.#auth;
  }

  toString(): string {
    return "[registry credentials]";
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
