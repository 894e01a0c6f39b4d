import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RecentReadings } from "../../../provider/core/template/recent-readings.ts";

describe("readings of one tree by the Templates of a program", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
  afterEach(() => void vi.useRealTimers());

  let walks = 0;
  const walk = () => Promise.resolve({ hash: `h1:${++walks}`, manifest: {}, skippedLinks: [], unsupported: [] });
  const setUp = () => {
    walks = 0;
    const readings = new RecentReadings();
    return async (mark: string, key = "tree") => (await readings.share(mark, key, walk)).hash;
  };

  it("are one walk, also where they overlap; another tree is another walk", async () => {
    const read = setUp();
    expect(await Promise.all([read("a"), read("b")])).toEqual(["h1:1", "h1:1"]);
    expect(await read("c")).toBe("h1:1");
    expect(await read("d", "other tree")).toBe("h1:2");
  });

  it("are a walk each for one that asks again, which then serves the others", async () => {
    const read = setUp();
    expect([await read("a"), await read("b")]).toEqual(["h1:1", "h1:1"]);
    expect([await read("a"), await read("b"), await read("b")]).toEqual(["h1:2", "h1:2", "h1:3"]);
  });

  it("are a walk each when time has passed, and where nothing is known of who asks", async () => {
    const read = setUp();
    expect(await read("a")).toBe("h1:1");
    vi.advanceTimersByTime(1_001);
    expect(await read("b")).toBe("h1:2");
    expect([await read(""), await read("")]).toEqual(["h1:3", "h1:4"]);
  });

  it("that fail are not shared with those that ask later", async () => {
    const readings = new RecentReadings();
    await expect(readings.share("a", "tree", () => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
    await expect(readings.share("b", "tree", walk)).resolves.toMatchObject({ manifest: {} });
  });
});
