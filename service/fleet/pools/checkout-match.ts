import type { Guest } from "../../store/guests.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import { compatibilityKey, type MachineShape } from "../guests/machine-shape.ts";
import type { WantedMachine } from "../guests/pool-checkout.ts";
import type { PoolTarget } from "./pool-target.ts";

/** Which members of a pool can stand in for a wanted machine: a test for each, or why none can. */
export type PoolMatch =
  | { readonly poolable: true; readonly accepts: (guest: Guest) => boolean }
  | { readonly poolable: false; readonly reason: string };

/**
 * Compares a wanted machine with a pool.
 *
 * While a pool rolls from one build to the next, a reference that moves with it (a name or tag) takes members of the
 * old build as well: they are what the pool has until the new ones are ready. A reference to one build never does.
 *
 * @param target what the pool's members should be made from now
 */
export function matchPool(
  wanted: WantedMachine,
  pool: PoolRow,
  target: PoolTarget | null,
  members: readonly Guest[],
): PoolMatch {
  const wantedKey = compatibilityKey(wanted);
  if (!wanted.isExact && target !== null && wantedKey === target.compatibilityKey) {
    return { poolable: true, accepts: (guest) => hasSize(guest, wanted) };
  }
  const held = members.some((guest) => guest.compatibilityKey === wantedKey && guest.state !== "terminating");
  if (wantedKey === (target?.compatibilityKey ?? pool.compatibilityKey) || held) {
    return { poolable: true, accepts: (guest) => guest.compatibilityKey === wantedKey };
  }
  return { poolable: false, reason: describeMismatch(wanted, pool, target) };
}

/** Of the members that a match accepts the one to hand out: of the present build before an old one, longest ready first. */
export function chooseMember(
  members: readonly Guest[],
  accepts: (guest: Guest) => boolean,
  presentKey: string,
): Guest | undefined {
  const rank = (guest: Guest) => (guest.compatibilityKey === presentKey ? 0 : 1);
  return members
    .filter((guest) => guest.state === "ready" && accepts(guest))
    .toSorted((a, b) => rank(a) - rank(b) || (a.readyAtMs ?? 0) - (b.readyAtMs ?? 0))[0];
}

function hasSize(guest: Guest, wanted: MachineShape): boolean {
  return (
    guest.vcpus === wanted.vcpus &&
    guest.memoryMb === wanted.memoryMb &&
    guest.diskMb === wanted.diskMb &&
    (guest.internetAccess === 1) === wanted.internetAccess
  );
}

function describeMismatch(wanted: MachineShape, pool: PoolRow, target: PoolTarget | null): string {
  const differences: string[] = [];
  const templateId = target?.templateId ?? pool.templateId;
  const internetAccess = (target?.internetAccess ?? pool.internetAccess) === 1;
  if (wanted.templateId !== templateId) {
    differences.push(
      `it holds ${target?.resolvedTemplate ?? pool.resolvedTemplate} (${templateId}), not ${wanted.templateId}`,
    );
  }
  type Fact = number | boolean | null | undefined;
  const compare = (name: string, has: Fact, wants: Fact) => {
    if (has !== wants) differences.push(`its ${name} is ${String(has ?? "not set")}, not ${String(wants ?? "unset")}`);
  };
  compare("vcpus", pool.vcpus, wanted.vcpus);
  compare("memory_mb", pool.memoryMb, wanted.memoryMb);
  compare("disk_mb", pool.diskMb, wanted.diskMb);
  compare("internet access", internetAccess, wanted.internetAccess);
  return differences.join("; ");
}
