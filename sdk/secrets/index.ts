export { createRedactor, MASK, SHORTEST_MASKED, type Redactor } from "./redactor.ts";
export { SecretStore } from "./secret-store.ts";
export { isSecretSchema, secretsIn, textsIn, type FoundSecret, type SecretPath } from "./secret-values.ts";
