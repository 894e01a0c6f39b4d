import { createHash } from "node:crypto";

/**
 * Builders in the order in which they are tried for a key (rendezvous hashing): the same key has the same order, also when others
 * come and go, so that the builds of a template meet the cache of the earlier ones, and templates spread over all builders.
 */
export function rankBuilders<B extends { readonly address: string }>(builders: readonly B[], key: string): B[] {
  return builders
    .map((builder) => ({ builder, weight: weightOf(builder.address, key) }))
    .sort((a, b) => (a.weight < b.weight ? 1 : a.weight > b.weight ? -1 : 0))
    .map(({ builder }) => builder);
}

function weightOf(address: string, key: string): string {
  return createHash("sha256").update(`${address}\n${key}`).digest("hex");
}
