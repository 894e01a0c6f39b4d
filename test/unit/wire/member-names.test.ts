import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import * as wire from "../../../sdk/wire/index.ts";

/** Each table, and the object of the contract that it is about. */
const TABLES: Record<string, { names: wire.MemberNames; schema: z.ZodObject }> = {
  SIZE_NAMES: { names: wire.SIZE_NAMES, schema: wire.WarmPoolResources },
  MACHINE_NAMES: { names: wire.MACHINE_NAMES, schema: wire.CreateMachineRequest },
  CHECKOUT_NAMES: { names: wire.CHECKOUT_NAMES, schema: wire.WarmPoolRequest },
  EXEC_NAMES: { names: wire.EXEC_NAMES, schema: wire.ExecRequest },
  EXEC_RESULT_NAMES: { names: wire.EXEC_RESULT_NAMES, schema: wire.ExecResult },
  WARM_POOL_NAMES: { names: wire.WARM_POOL_NAMES, schema: wire.CreateWarmPoolRequest },
  BUILD_CONFIG_NAMES: { names: wire.BUILD_CONFIG_NAMES, schema: wire.BuildConfig },
};

describe("names of members", () => {
  it("are those that the contract's schemas have", () => {
    for (const { names, schema } of Object.values(TABLES)) {
      expect(Object.keys(schema.shape)).toEqual(expect.arrayContaining(Object.values(names)));
    }
    const ofKinds = (union: { options: readonly z.ZodObject[] }) =>
      new Set(union.options.flatMap(({ shape }) => Object.keys(shape)));
    expect(ofKinds(wire.Readiness as never)).toEqual(new Set(Object.values(wire.READINESS_NAMES)));
    expect(ofKinds(wire.BaseImageAuth as never)).toEqual(new Set(Object.values(wire.REGISTRY_AUTH_NAMES)));
  });

  it("lead there and back, for every member that has one", () => {
    for (const { names } of Object.values(TABLES)) {
      const member = fc.option(fc.jsonValue(), { nil: null });
      const ours = fc.record(Object.fromEntries(Object.keys(names).map((name) => [name, member])), {
        requiredKeys: [],
      });
      fc.assert(
        fc.property(ours, (given) => {
          const sent = wire.toWire(names, { ...given, ofNobody: 1 });
          expect(Object.keys(sent).toSorted()).toEqual(
            Object.keys(given)
              .map((name) => names[name]!)
              .toSorted(),
          );
          expect(wire.fromWire(names, sent)).toEqual(given);
        }),
        { numRuns: 50 },
      );
    }
  });

  it("leave out what is undefined, and keep null, which clears", () => {
    const sent = wire.toWire(wire.WARM_POOL_NAMES, { minReady: undefined, trackTag: null });
    expect(sent).toStrictEqual({ track_tag: null });
    expect(wire.fromWire(wire.WARM_POOL_NAMES, { ...sent, max_ready: undefined })).toStrictEqual({ trackTag: null });
  });
});
