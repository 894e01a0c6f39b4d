import type { Adoption } from "./plan-adoption.ts";

/** Begins the types of the plugin's resources. */
const TYPE_PREFIX = "nullspace:index:";

/**
 * The file that `pulumi import --file` takes: one entry for each resource of the program.
 *
 * @see https://www.pulumi.com/docs/iac/guides/migration/import/#bulk-import-operations
 */
export function renderImportFile({ resources }: Pick<Adoption, "resources">): string {
  const entries = resources.map(({ type, name, id }) => ({ type: `${TYPE_PREFIX}${type}`, name, id }));
  // Parents and providers would be named in the table: these resources have none of their own.
  return `${JSON.stringify({ nameTable: {}, resources: entries }, undefined, 2)}\n`;
}
