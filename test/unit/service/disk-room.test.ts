import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { DiskRoom, heldBack } from "../../../service/store/disk-room.ts";

const MIB = 1024 * 1024;

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "nullspace-room-"));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

it("gives its reserve up one step at a time, and takes it back whole", () => {
  using folder = new Folder();
  const room = new DiskRoom(folder.path, 3 * MIB);
  expect(room.hold()).toBe(true);
  expect(heldBack(folder.path)).toBe(3 * MIB);
  for (const left of [2, 1, 0]) {
    expect(room.giveUp()).toBe(true);
    expect(room.heldBytes).toBe(left * MIB);
  }
  expect(room.giveUp()).toBe(false);
  expect(room.hold()).toBe(true);
  expect(readdirSync(join(folder.path, "reserve")).map((name) => statSync(join(folder.path, "reserve", name)))).toEqual(
    Array.from({ length: 3 }, () => expect.objectContaining({ size: MIB })),
  );
});

it("takes over from the one file of an earlier version", () => {
  using folder = new Folder();
  writeFileSync(join(folder.path, "reserve"), Buffer.alloc(8 * MIB));
  expect(heldBack(folder.path)).toBe(0);
  const room = new DiskRoom(folder.path, 2 * MIB);
  expect(room.giveUp()).toBe(false);
  expect(room.hold()).toBe(true);
  expect(room.heldBytes).toBe(2 * MIB);
});

it("takes a used-up quota, for which Node has no code, for a full disk", () => {
  using folder = new Folder();
  const room = new DiskRoom(folder.path, MIB);
  const failed = (errno: number) => Object.assign(new Error("write"), { errno: -errno, code: "UNKNOWN" });
  expect(room.isFull(failed(constants.errno.EDQUOT))).toBe(true);
  expect(room.isFull(failed(constants.errno.ENOSPC))).toBe(true);
  expect(room.isFull(failed(constants.errno.EIO))).toBe(false);
  expect(room.isFull(new Error("something else"))).toBe(false);
});
