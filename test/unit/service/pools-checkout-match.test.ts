import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseMember, matchPool } from "../../../service/fleet/pools/checkout-match.ts";
import type { WantedMachine } from "../../../service/fleet/guests/pool-checkout.ts";
import { compatibilityKey } from "../../../service/fleet/guests/machine-shape.ts";
import type { PoolTarget } from "../../../service/fleet/pools/pool-target.ts";
import type { Guest } from "../../../service/store/guests.ts";
import type { PoolRow } from "../../../service/store/warm-pools.ts";

const UNPLACED = { placement: null, placementKey: null };
const NEW = { templateId: "tmpl_new", vcpus: 2, memoryMb: 512, diskMb: null, internetAccess: true, ...UNPLACED };
const OLD = { ...NEW, templateId: "tmpl_old" };

const target: PoolTarget = {
  resolvedTemplate: "local/web:tb_new",
  buildId: "tb_new",
  templateId: NEW.templateId,
  internetAccess: 1,
  ...UNPLACED,
  compatibilityKey: compatibilityKey(NEW),
};
const pool = { ...target, vcpus: 2, memoryMb: 512, diskMb: null } as PoolRow;

function guest(shape: typeof NEW, state: Guest["state"] = "ready", readyAtMs = 1): Guest {
  return {
    ...shape,
    internetAccess: shape.internetAccess ? 1 : 0,
    guestId: `gst_${shape.templateId}_${readyAtMs}`,
    poolId: "twp_1",
    machineId: null,
    state,
    compatibilityKey: compatibilityKey(shape),
    releaseReason: null,
    createdAtMs: 0,
    readyAtMs,
  };
}

function chosen(wanted: WantedMachine, members: Guest[]): Guest | string | undefined {
  const match = matchPool(wanted, pool, target, members);
  return match.poolable ? chooseMember(members, match.accepts, target.compatibilityKey) : match.reason;
}

describe("while a pool rolls", () => {
  const members = [guest(OLD, "ready", 1), guest(NEW, "ready", 3), guest(NEW, "ready", 2), guest(NEW, "warming")];

  test("a name takes the new build first, its oldest member whatever the clock said, and the old one rather than none", () => {
    expect(chosen({ ...NEW, isExact: false }, members)).toBe(members[1]);
    expect(chosen({ ...NEW, isExact: false }, members.slice(0, 1))).toBe(members[0]);
  });

  test("an exact reference takes its own build and no other", () => {
    expect(chosen({ ...NEW, isExact: true }, members.slice(0, 1))).toBeUndefined();
    expect(chosen({ ...OLD, isExact: true }, members)).toBe(members[0]);
  });
});

test("the reason of a refusal names every difference", () => {
  const size = { vcpus: 4, memoryMb: 1024, diskMb: 10 };
  const wanted = { templateId: "tmpl_x", ...size, internetAccess: false, ...UNPLACED, isExact: false };
  const reason = chosen(wanted, []);
  for (const part of [
    "tmpl_x",
    "local/web:tb_new",
    "vcpus is 2, less than 4",
    "memory_mb is 512, less than 1024",
    "disk_mb is not set, less than 10",
    "its machines have internet access",
  ]) {
    expect(reason).toContain(part);
  }
});

test("a machine that was asked for with what one that runs cannot be given any more comes from no pool", () => {
  const wanted = { ...NEW, isExact: false, unpoolable: "it is asked for with envs" };
  expect(chosen(wanted, [guest(NEW)])).toBe("it is asked for with envs");
});

test("whatever is wanted, what is chosen is ready, at least of the size asked for, and of the build where that is exact", () => {
  const shape = fc.record({
    templateId: fc.constantFrom("tmpl_new", "tmpl_old", "tmpl_x"),
    vcpus: fc.constantFrom(1, 2),
    memoryMb: fc.constantFrom(256, 512),
    diskMb: fc.constantFrom(null, 1024),
    internetAccess: fc.boolean(),
  });
  const member = fc
    .tuple(shape, fc.constantFrom("warming", "ready", "claimed", "terminating"), fc.nat())
    .map(([facts, state, readyAtMs]) => guest(facts as typeof NEW, state as Guest["state"], readyAtMs));
  fc.assert(
    fc.property(shape, fc.boolean(), fc.array(member, { maxLength: 6 }), (facts, isExact, members) => {
      const wanted = { ...(facts as typeof NEW), isExact };
      const result = chosen(wanted, members);
      if (result === undefined || typeof result === "string") return;
      expect(result).toMatchObject({ internetAccess: wanted.internetAccess ? 1 : 0, state: "ready" });
      for (const size of ["vcpus", "memoryMb", "diskMb"] as const) {
        expect(result[size] ?? 0).toBeGreaterThanOrEqual(wanted[size] ?? 0);
      }
      if (isExact || wanted.templateId !== NEW.templateId) expect(result.templateId).toBe(wanted.templateId);
    }),
    { numRuns: 2000 },
  );
});
