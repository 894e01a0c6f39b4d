import { newId } from "../ids.ts";
import { touchArtifact } from "./artifacts.ts";
import { columns } from "./columns.ts";
import type { Database } from "./database.ts";

/** What a guest is for at this moment. */
export type GuestState = "warming" | "ready" | "claimed" | "terminating";

/** One container that is, was or may become a machine; see the table `guests`. */
export interface Guest {
  guestId: string;
  poolId: string | null;
  machineId: string | null;
  state: GuestState;
  templateId: string;
  compatibilityKey: string;
  vcpus: number;
  memoryMb: number;
  diskMb: number | null;
  internetAccess: 0 | 1;
  placement: string | null;
  placementKey: string | null;
  releaseReason: string | null;
  createdAtMs: number;
  readyAtMs: number | null;
}

const GUEST = columns<Guest>({
  guestId: true,
  poolId: true,
  machineId: true,
  state: true,
  templateId: true,
  compatibilityKey: true,
  vcpus: true,
  memoryMb: true,
  diskMb: true,
  internetAccess: true,
  placement: true,
  placementKey: true,
  releaseReason: true,
  createdAtMs: true,
  readyAtMs: true,
});
const SELECT = `SELECT ${GUEST.select()} FROM guests`;
const IS_MEMBER = "state IN ('warming', 'ready', 'terminating')";

/** Guests of a pool that are alike, and how many they are. */
export interface GuestTally extends Pick<Guest, "state" | "compatibilityKey" | "releaseReason"> {
  count: number;
}

/** A guest of a pool that no machine has, or one that is being removed. */
export type Member = Guest & { state: Exclude<GuestState, "claimed"> };

/** What a new guest is made from. */
export type NewGuest = Pick<
  Guest,
  | "poolId"
  | "machineId"
  | "templateId"
  | "compatibilityKey"
  | "vcpus"
  | "memoryMb"
  | "diskMb"
  | "internetAccess"
  | "placement"
  | "placementKey"
>;

/**
 * The guests. Every change of state is one compare-and-set: it names the state that it expects, and says whether it
 * found it, so that two workers that want one guest cannot both have it.
 */
export class GuestStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Records the intent to have a guest: `warming` for a pool, `claimed` for the machine that it is made for. */
  insert(guest: NewGuest, nowMs: number): Guest {
    const guestId = newId("gst_");
    const row: Guest = {
      ...guest,
      guestId,
      state: guest.machineId === null ? "warming" : "claimed",
      releaseReason: null,
      createdAtMs: nowMs,
      readyAtMs: null,
    };
    this.#db.run(`INSERT INTO guests ${GUEST.values()}`, GUEST.binds(row));
    touchArtifact(this.#db, guest.templateId, new Date(nowMs).toISOString());
    return row;
  }

  get(guestId: string): Guest | undefined {
    return this.#db.get<Guest>(`${SELECT} WHERE guest_id = ?`, [guestId]);
  }

  /** The guest that is this machine. */
  ofMachine(machineId: string): Guest | undefined {
    return this.#db.get<Guest>(`${SELECT} WHERE machine_id = ?`, [machineId]);
  }

  /** The members of a pool, oldest first: what no machine has yet, and what is being removed. */
  members(poolId: string): Member[] {
    return this.#db.all<Member>(`${SELECT} WHERE pool_id = ? AND ${IS_MEMBER} ORDER BY seq`, [poolId]);
  }

  /** Whether a pool has a member that can be claimed. */
  hasReady(poolId: string): boolean {
    return this.#db.get("SELECT 1 FROM guests WHERE pool_id = ? AND state = 'ready' LIMIT 1", [poolId]) !== undefined;
  }

  /** The members of all pools that can be claimed. */
  ready(): Guest[] {
    return this.#db.all<Guest>(
      `${SELECT} WHERE pool_id IN (SELECT pool_id FROM warm_pools WHERE state <> 'deleted') AND state = 'ready' ORDER BY seq`,
    );
  }

  /** The guests made for a pool, checked out ones too, oldest first. @param limit most of them. Default: all */
  ofPool(poolId: string, limit = Number.MAX_SAFE_INTEGER): Guest[] {
    return this.#db.all<Guest>(`${SELECT} WHERE pool_id = ? ORDER BY seq LIMIT ?`, [poolId, limit]);
  }

  /** How many guests of a pool are alike, checked out ones too. */
  tally(poolId: string): GuestTally[] {
    return this.tallies([poolId]).get(poolId) ?? [];
  }

  /** How many guests of pools are alike, checked out ones too, by pool; a pool without any is not in it. */
  tallies(poolIds: readonly string[]): Map<string, GuestTally[]> {
    const rows = this.#db.all<GuestTally & { poolId: string }>(
      `SELECT pool_id AS poolId, state, compatibility_key AS compatibilityKey, release_reason AS releaseReason,
         count(*) AS count
       FROM guests WHERE pool_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2, 3, 4`,
      [JSON.stringify(poolIds)],
    );
    return Map.groupBy(rows, ({ poolId }) => poolId);
  }

  all(): Guest[] {
    return this.#db.all<Guest>(`${SELECT} ORDER BY seq`);
  }

  /** Whether there is any guest at all. */
  hasAny(): boolean {
    return this.#db.get("SELECT 1 FROM guests LIMIT 1") !== undefined;
  }

  /** A guest made for a machine is up. */
  markUp(guestId: string, nowMs: number): void {
    this.#db.run("UPDATE guests SET ready_at_ms = $now WHERE guest_id = $id", { $id: guestId, $now: nowMs });
  }

  /** `warming` → `ready`. A guest that was ready before a restart keeps the age that it had. */
  markReady(guestId: string, nowMs: number): boolean {
    return (
      this.#db.run(
        `UPDATE guests SET state = 'ready', ready_at_ms = coalesce(ready_at_ms, $now)
         WHERE guest_id = $id AND state = 'warming'`,
        { $id: guestId, $now: nowMs },
      ) === 1
    );
  }

  /** `ready` → `claimed` by `machineId`: the checkout. */
  claim(guestId: string, machineId: string): boolean {
    return (
      this.#db.run(
        "UPDATE guests SET state = 'claimed', machine_id = $machine WHERE guest_id = $id AND state = 'ready'",
        { $id: guestId, $machine: machineId },
      ) === 1
    );
  }

  /** Anything → `terminating`. `from` guards against letting go what changed its state meanwhile. */
  release(guestId: string, from: readonly GuestState[], reason: string): boolean {
    return (
      this.#db.run(
        `UPDATE guests SET state = 'terminating', machine_id = NULL, release_reason = $reason
         WHERE guest_id = $id AND state <> 'terminating' AND instr($from, ',' || state || ',') > 0`,
        { $id: guestId, $reason: reason, $from: `,${from.join(",")},` },
      ) === 1
    );
  }

  /** The engine has removed the container. */
  delete(guestId: string): void {
    this.#db.run("DELETE FROM guests WHERE guest_id = ? AND state = 'terminating'", [guestId]);
  }
}
