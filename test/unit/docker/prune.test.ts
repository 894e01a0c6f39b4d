import { describe, expect, it } from "vitest";
import { PruneBuildsOptions, pruneQuery } from "../../../sdk/docker/prune.ts";

const query = (options: PruneBuildsOptions, apiVersion = "1.41") =>
  Object.fromEntries(pruneQuery(PruneBuildsOptions.parse(options), apiVersion));

describe("the query that prunes builds", () => {
  // docker-py's cases of convert_filters.
  it.each<[string, NonNullable<PruneBuildsOptions["filters"]>, string]>([
    ["a boolean", { dangling: true }, '{"dangling":["true"]}'],
    ["text", { dangling: "true" }, '{"dangling":["true"]}'],
    ["a number", { exited: 0 }, '{"exited":["0"]}'],
    ["numbers", { exited: [0, 1] }, '{"exited":["0","1"]}'],
    ["a list of texts", { type: ["regular", "source.local"] }, '{"type":["regular","source.local"]}'],
    ["a list of both", { until: ["24h", 1_700_000_000] }, '{"until":["24h","1700000000"]}'],
    ["several", { unused: "1h", inuse: false }, '{"unused":["1h"],"inuse":["false"]}'],
    ["none", {}, "{}"],
  ])("holds filters that are %s as lists of texts", (_name, filters, expected) => {
    expect(query({ filters })).toEqual({ filters: expected });
  });

  it("is refused with a filter that has no values, or one of another kind", () => {
    expect(() => query({ filters: { until: [] } })).toThrow(
      expect.objectContaining({ code: "invalid_docker_option", option: "filters" }) as Error,
    );
    for (const value of [null, Number.NaN, {}, [["24h"]], [true]])
      expect(PruneBuildsOptions.safeParse({ filters: { until: value } }).success, JSON.stringify(value)).toBe(false);
  });

  it("names sizes as the engine's version does", () => {
    expect(query({ keepStorage: "1k" })).toEqual({ "keep-storage": "1024" });
    expect(query({ keepStorage: 0, all: false }, "1.48")).toEqual({ "reserved-space": "0", all: "false" });
    const sizes = { reservedSpace: 1, maxUsedSpace: "2k", minFreeSpace: 3 };
    expect(query(sizes, "1.48")).toEqual({ "reserved-space": "1", "max-used-space": "2048", "min-free-space": "3" });
    expect(() => query({ keepStorage: 1, reservedSpace: 1 }, "1.48")).toThrow("are one option");
  });

  it("is empty without options, and takes none on an engine that is too old for them", () => {
    expect(query({}, "1.31")).toEqual({});
    for (const options of [{ all: true }, { filters: { until: "1h" } }, { keepStorage: 1 }])
      expect(() => query(options, "1.38")).toThrow(
        expect.objectContaining({ code: "api_version_too_old", requiredVersion: "1.39" }) as Error,
      );
  });
});
