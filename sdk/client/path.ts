import { InvalidArgumentError } from "./errors.ts";

/**
 * A path with its parameters encoded, each as one segment: `path\`/v1/templates/refs/${"acme/web:v1"}\`` is
 * `/v1/templates/refs/acme%2Fweb%3Av1`.
 *
 * @throws InvalidArgumentError for an empty parameter, or one that every HTTP library would resolve away (`.`, `..`)
 */
export function path(parts: TemplateStringsArray, ...parameters: string[]): string {
  return parts.reduce((text, part, index) => text + segment(parameters[index - 1]!) + part);
}

function segment(value: string): string {
  if (value === "" || value === "." || value === "..") {
    throw new InvalidArgumentError("ref", `"${value}" cannot name anything on the service`);
  }
  return encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
