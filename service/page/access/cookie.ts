import { createHash } from "node:crypto";

/** The cookie goes with requests for pages alone, and never with a call of the API. */
export const PAGE_PREFIX = "/ui";

/** How the secret of a session travels. */
export class SessionCookie {
  readonly #name: string;

  /** @param instanceId of the data folder: cookies know no port, and several services of a machine must not share one */
  constructor(instanceId: string) {
    this.#name = `nullspace_${createHash("sha256").update(instanceId).digest("hex").slice(0, 12)}`;
  }

  /** The secret in a `Cookie` header. */
  read(header: string | undefined): string | undefined {
    for (const pair of (header ?? "").split(";")) {
      const [name, value] = pair.trim().split("=", 2);
      if (name === this.#name && value !== undefined && value !== "") return value;
    }
    return undefined;
  }

  /** A `Set-Cookie` header. It ends with the browser; how long the session lasts, the service knows. */
  write(secret: string, isSecure: boolean): string {
    return `${this.#name}=${secret}; ${attributes(isSecure)}`;
  }

  /** A `Set-Cookie` header that takes it away. */
  clear(isSecure: boolean): string {
    return `${this.#name}=; Max-Age=0; ${attributes(isSecure)}`;
  }
}

function attributes(isSecure: boolean): string {
  return `Path=${PAGE_PREFIX}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}
