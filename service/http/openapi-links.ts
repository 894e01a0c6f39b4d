/** OpenAPI links: calls that go on from an answer, by operation id. */
export type Links = Record<string, { operationId: string; parameters: Record<string, string> }>;

/** Links to calls that take the same parameters from an answer, each a runtime expression such as `$response.body#/id`. */
export function linksTo(parameters: Record<string, string>, ...operationIds: string[]): Links {
  return Object.fromEntries(operationIds.map((operationId) => [operationId, { operationId, parameters }]));
}
