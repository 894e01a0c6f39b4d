import type { Guest } from "../../store/guests.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import type { MachineShape } from "../guests/machine-shape.ts";
import type { WantedMachine } from "../guests/pool-checkout.ts";
import type { PoolTarget } from "./pool-target.ts";

/** Which members of a pool can stand in for a wanted machine: a test for each, or why none can. */
export type PoolMatch =
  | { readonly poolable: true; readonly accepts: (guest: Guest) => boolean }
  | { readonly poolable: false; readonly reason: string };

/**
 * Compares a wanted machine with a pool.
 *
 * A size is a floor: a member serves a request when it has at least the processors, memory and disk asked for. Clients fill
 * in sizes that nobody chose (the published one always sends 2 vCPU and 512 MB), and such a request has to be served by a
 * pool of larger machines.
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
  if (wanted.unpoolable !== undefined) return { poolable: false, reason: wanted.unpoolable };
  const { templateId, internetAccess } = target ?? pool;
  const present = { ...pool, templateId, internetAccess };
  if (!wanted.isExact && target !== null && isMadeFrom(present, wanted) && hasRoom(present, wanted)) {
    return { poolable: true, accepts: (guest) => hasRoom(guest, wanted) };
  }
  const serves = (machine: Stored) => isMadeFrom(machine, wanted) && hasRoom(machine, wanted);
  if (serves(present) || members.some((guest) => guest.state !== "terminating" && serves(guest))) {
    return { poolable: true, accepts: serves };
  }
  return { poolable: false, reason: describeMismatch(wanted, pool, target) };
}

/**
 * Of the members that a match accepts the one to hand out: of the present build before an old one, the oldest first.
 *
 * @param members oldest first
 */
export function chooseMember(
  members: readonly Guest[],
  accepts: (guest: Guest) => boolean,
  presentKey: string,
): Guest | undefined {
  const rank = (guest: Guest) => (guest.compatibilityKey === presentKey ? 0 : 1);
  return members.filter((guest) => guest.state === "ready" && accepts(guest)).toSorted((a, b) => rank(a) - rank(b))[0];
}

/** A pool's or member's shape, as the store's columns. */
type Stored = Pick<Guest, "templateId" | "vcpus" | "memoryMb" | "diskMb" | "internetAccess">;

function isMadeFrom(machine: Stored, wanted: MachineShape): boolean {
  return machine.templateId === wanted.templateId;
}

function hasRoom(machine: Stored, wanted: MachineShape): boolean {
  return (
    machine.vcpus >= wanted.vcpus &&
    machine.memoryMb >= wanted.memoryMb &&
    isAtLeast(machine.diskMb, wanted.diskMb) &&
    (machine.internetAccess === 1) === wanted.internetAccess
  );
}

function isAtLeast(has: number | null, wanted: number | null): boolean {
  return wanted === null || (has !== null && has >= wanted);
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
  const compare = (name: string, has: number | null, wants: number | null) => {
    if (!isAtLeast(has, wants)) differences.push(`its ${name} is ${has ?? "not set"}, less than ${wants}`);
  };
  compare("vcpus", pool.vcpus, wanted.vcpus);
  compare("memory_mb", pool.memoryMb, wanted.memoryMb);
  compare("disk_mb", pool.diskMb, wanted.diskMb);
  if (internetAccess !== wanted.internetAccess) {
    differences.push(`its machines have ${internetAccess ? "" : "no "}internet access`);
  }
  return differences.join("; ");
}
