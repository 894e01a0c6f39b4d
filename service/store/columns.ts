import type { SQLInputValue } from "node:sqlite";

/** How the rows of a table are read and written: `camelCase` members of `Row`, `snake_case` columns of the table. */
export interface Columns<Row> {
  /**
   * The list of a SELECT, `pool_id AS poolId, …`.
   *
   * @param table name or alias of the table, where a query has several
   * @param members those that are read; default all
   */
  select(table?: string, members?: readonly (keyof Row & string)[]): string;
  /** `(pool_id, …) VALUES ($poolId, …)` of an INSERT. @param members those that are written; default all */
  values(members?: readonly (keyof Row & string)[]): string;
  /** `pool_id = $poolId, …` of an UPDATE, for the members of `change` that are not undefined; empty when there are none. */
  assignments(change: Partial<Row>): string;
  /** The bind values of a row, or of a part of one, under the names that the other methods use. */
  binds(row: Partial<Row>): Record<string, SQLInputValue>;
}

/** @param members of the row, each once; the type sees to it that none is left out */
export function columns<Row extends object>(members: Record<keyof Row & string, true>): Columns<Row> {
  const all = Object.keys(members) as (keyof Row & string)[];
  const given = (row: Partial<Row>): (keyof Row & string)[] => all.filter((member) => row[member] !== undefined);
  return {
    select: (table, read = all) =>
      read.map((member) => `${table === undefined ? "" : `${table}.`}${columnOf(member)} AS ${member}`).join(", "),
    values: (written = all) =>
      `(${written.map(columnOf).join(", ")}) VALUES (${written.map((member) => `$${member}`).join(", ")})`,
    assignments: (change) =>
      given(change)
        .map((member) => `${columnOf(member)} = $${member}`)
        .join(", "),
    binds: (row) =>
      Object.fromEntries(given(row).map((member) => [`$${member}`, row[member]])) as Record<string, SQLInputValue>,
  };
}

/** `drainRequestedAtMs` → `drain_requested_at_ms`. */
function columnOf(member: string): string {
  return member.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
