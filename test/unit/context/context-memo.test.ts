import { describe, expect, it } from "vitest";
import { ContextMemo } from "../../../sdk/context/cache/context-memo.ts";
import { DEFAULT_LIMITS } from "../../../sdk/context/limits.ts";
import { emptyTable, type EntryTable } from "../../../sdk/context/table/entry-table.ts";
import type { ReadJob } from "../../../sdk/context/walk/job.ts";
import type { ReadResult } from "../../../sdk/context/walk/read-tree.ts";

function tableOf(entries: number): EntryTable {
  const column = () => ({ bytes: new Uint8Array(0), offsets: new Uint32Array(entries + 1) });
  return emptyTable(column(), column());
}

/** Reads a tree of this name and number of entries. @returns the entries of the reading that it was given as an earlier one */
async function read(memo: ContextMemo, name: string, entries: number): Promise<number | undefined> {
  const job = { root: { latin1: `/${name}` }, symlinks: "keep", digests: "all" } as ReadJob;
  let seen: number | undefined;
  await memo.read(job, async (earlier) => {
    seen = earlier?.table.length;
    return { table: tableOf(entries) } as ReadResult;
  });
  return seen;
}

describe("the readings that a process remembers", () => {
  it("have room for a tree with as many files as are allowed, and a directory for every ten of them", async () => {
    const memo = new ContextMemo();
    const entries = DEFAULT_LIMITS.files * 1.1;
    expect(await read(memo, "large", entries)).toBe(undefined);
    expect(await read(memo, "large", entries)).toBe(entries);
  });

  it("are of few entries all together: the tree that was read longest ago is forgotten", async () => {
    const memo = new ContextMemo();
    for (const name of ["a", "b", "a"]) await read(memo, name, 150_000);
    expect(await read(memo, "c", 150_000)).toBe(undefined);
    expect(await read(memo, "a", 150_000)).toBe(150_000);
    expect(await read(memo, "b", 150_000)).toBe(undefined);
  });
});
