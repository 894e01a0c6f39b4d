import { NullspaceError } from "pulumi-nullspace/sdk";

/** What a registry refused, as far as it says so. */
export interface RegistryRefusal {
  /** Host of the registry. */
  readonly host: string;
  readonly status: number;
  /** Its own word, such as `MANIFEST_UNKNOWN`; absent where it gives none. */
  readonly registryCode?: string | undefined;
  /** What it says, on one line. */
  readonly said?: string | undefined;
}

/** A registry answered with an error. Code `registry_refused`. */
export class RegistryError extends NullspaceError {
  readonly host: string;
  readonly status: number;
  readonly registryCode: string | undefined;
  /** What it says, on one line; its status when it says nothing. */
  readonly said: string;

  constructor(what: string, { host, status, registryCode, said }: RegistryRefusal) {
    const words = [registryCode, said].filter((word) => word !== undefined && word !== "").join(": ");
    const text = words === "" ? `HTTP status ${status}` : `${words} (HTTP status ${status})`;
    super(`The registry ${host} refuses to ${what}: ${text}.`, { code: "registry_refused" });
    this.host = host;
    this.status = status;
    this.registryCode = registryCode;
    this.said = text;
  }

  /** The registry wants credentials, or others than those that it was sent. */
  get isAboutCredentials(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** A registry could not be reached, or answered with nothing that this service understands. Code `registry_away`. */
export class RegistryAwayError extends NullspaceError {
  readonly host: string;

  constructor(host: string, reason: string, cause?: unknown) {
    super(`The registry ${host} cannot be used: ${reason}.`, { code: "registry_away", cause });
    this.host = host;
  }
}
