import { describe, expect, it } from "vitest";
import { contextHash } from "../../../sdk/context/hash/context-hash.ts";
import { EntryTableBuilder } from "../../../sdk/context/table/entry-table-builder.ts";
import type { EntryTable } from "../../../sdk/context/table/entry-table.ts";
import { FILE } from "../../../sdk/context/table/kind.ts";
import { createControl, STOP } from "../../../sdk/context/walk/control.ts";
import type { ReadJob } from "../../../sdk/context/walk/job.ts";
import { closeHash, hashForLeader, offerHash, takeHash } from "../../../sdk/context/walk/shared-hash.ts";

function tableOf(path: string): EntryTable {
  const entries = new EntryTableBuilder();
  entries.add(path, FILE);
  return entries.build();
}

const table = tableOf("a");
const other = tableOf("b");
const dockerfile = { sha256: "5".repeat(64), isInContext: false };
const job = { dockerfile } as ReadJob;

describe("a hash that the thread which leads, or a helper, makes", () => {
  it("is made by the one that leads where no helper has begun, and by no other then", () => {
    const control = createControl();
    offerHash(control);
    expect(takeHash(table, job, control)).toBe(contextHash(table, dockerfile));
    hashForLeader(other, job, control);
    expect(control.hash.every((byte) => byte === 0)).toBe(true);
  });

  it("is the one that a helper made, once", () => {
    const control = createControl();
    offerHash(control);
    hashForLeader(table, job, control);
    hashForLeader(other, job, control);
    // Told apart by the table: the one that leads makes none.
    expect(takeHash(other, job, control)).toBe(contextHash(table, dockerfile));
  });

  it("is not waited for when the reading has failed", () => {
    for (const end of [closeHash, ({ slots }: ReturnType<typeof createControl>) => Atomics.store(slots, STOP, 1)]) {
      const control = createControl();
      end(control);
      hashForLeader(table, job, control);
      expect(control.hash.every((byte) => byte === 0)).toBe(true);
    }
  });
});
