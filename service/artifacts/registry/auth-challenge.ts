/** What a registry wants to see before it answers (RFC 9110, section 11.6.1). */
export type AuthChallenge =
  | { readonly scheme: "basic" }
  /** A token of its authorization service (distribution, "Token Authentication Specification"). */
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** `name=value` or `name="value"`, with what separates it from the next one. */
const PARAMETER = /\s*([a-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)/iy;

/**
 * Reads the headers `WWW-Authenticate` of an answer.
 *
 * @returns the first challenge that this service can answer, `undefined` when there is none
 */
export function readChallenge(headers: string | readonly string[] | undefined): AuthChallenge | undefined {
  for (const header of typeof headers === "string" ? [headers] : (headers ?? [])) {
    const [, scheme = "", rest = ""] = /^\s*([a-z0-9_-]+)(?:\s+([^]*))?$/i.exec(header) ?? [];
    if (scheme.toLowerCase() === "basic") return { scheme: "basic" };
    if (scheme.toLowerCase() !== "bearer") continue;
    const { realm, service, scope } = readParameters(rest);
    if (realm === undefined) continue;
    return {
      scheme: "bearer",
      realm,
      ...(service !== undefined && { service }),
      ...(scope !== undefined && { scope }),
    };
  }
  return undefined;
}

function readParameters(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (PARAMETER.lastIndex = 0; PARAMETER.lastIndex < text.length;) {
    const [, name, quoted, plain] = PARAMETER.exec(text) ?? [];
    if (name === undefined) break;
    found[name.toLowerCase()] = quoted === undefined ? (plain ?? "") : quoted.replace(/\\(.)/g, "$1");
  }
  return found;
}
