import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { expect, it } from "vitest";
import { columns } from "../../../service/store/columns.ts";
import { Database } from "../../../service/store/database.ts";

const SERVICE = join(import.meta.dirname, "../../../service");

/** How statements begin; nobody writes English in capitals. */
const STATEMENT = /\b(?:SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|PRAGMA)\b/;

it("all SQL of the service is in store/", () => {
  const files = globSync("**/*.ts", { cwd: SERVICE, exclude: ["dist/**", "node_modules/**"] });
  const withSql = files.filter((file) => STATEMENT.test(readFileSync(join(SERVICE, file), "utf8")));
  expect(withSql.length).toBeGreaterThan(10);
  expect(withSql.filter((file) => !file.startsWith(`store${sep}`))).toEqual([]);
});

it("a row goes into its table and comes out as it was, by parts too", () => {
  const ROW = columns<{ rowId: string; bytesAtMost: number | null; atMs: number }>({
    rowId: true,
    bytesAtMost: true,
    atMs: true,
  });
  const create = "CREATE TABLE rows (row_id TEXT, bytes_at_most INTEGER, at_ms INTEGER)";
  using db = withClose(new Database(":memory:", [{ number: 1, name: "rows", sql: create }]));
  const row = { rowId: "a", bytesAtMost: 7, atMs: 1 };
  db.value.run(`INSERT INTO rows ${ROW.values()}`, ROW.binds(row));
  const read = () => db.value.all(`SELECT ${ROW.select("r")} FROM rows r`);
  expect(read()).toEqual([row]);
  const change = { bytesAtMost: null };
  db.value.run(`UPDATE rows SET ${ROW.assignments(change)}`, ROW.binds(change));
  expect(read()).toEqual([{ ...row, bytesAtMost: null }]);
  expect(ROW.assignments({})).toBe("");
});

function withClose(value: Database): Disposable & { value: Database } {
  return { value, [Symbol.dispose]: () => value.close() };
}
