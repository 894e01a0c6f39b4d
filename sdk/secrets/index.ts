import "../require-node.ts";

export { MASK, Redactor, SHORTEST_MASKED } from "./redactor.ts";
export { isSecretSchema, secretsIn, textsIn, type FoundSecret, type SecretPath } from "./secret-values.ts";
export type { Schema, SchemaError, SchemaIssue, SchemaResult } from "../schema.ts";
