import type { OpenAPIV3_1 } from "openapi-types";
import { everySchema } from "./openapi-schemas.ts";

/** Says in OpenAPI's words which texts are secret: tools then neither show nor remember them. */
export function describeSecrets(document: OpenAPIV3_1.Document): void {
  for (const schema of [...everySchema(document, "requests"), ...everySchema(document, "answers")]) {
    if (schema.secret !== true) continue;
    delete schema.secret;
    if (schema.type === "string") schema.format = "password";
  }
}
