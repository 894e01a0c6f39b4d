import type { Guest } from "../../store/guests.ts";
import type { PoolRow } from "../../store/warm-pools.ts";
import type { MachineShape } from "./machine-shape.ts";

/** What a machine was asked to be, as far as a pool has to care. */
export interface WantedMachine extends MachineShape {
  /** The reference names one build or artifact, and no other will do. */
  readonly isExact: boolean;
  /** Why no member of any pool can be this machine, e.g. `it sets envs`; absent when one can. */
  readonly unpoolable?: string;
}

/** A machine wanted from a pool. */
export interface CheckoutRequest {
  readonly poolId: string;
  /** What is wanted as of now; asked again at each try, because a tag may have moved. */
  readonly want: () => WantedMachine;
  /** `require` fails where `prefer` gives nothing. */
  readonly mode: "prefer" | "require";
  readonly waitMs: number;
  /** Writes the machine that will own the guest. Runs in the transaction of the claim, before it. */
  readonly writeOwner: (guest: Guest) => string;
  /** Takes the owner back: the guest it was written for is not fit. */
  readonly eraseOwner: (machineId: string, guest: Guest) => void;
}

/** A member that has an owner now. */
export interface CheckedOut {
  readonly guest: Guest;
  readonly machineId: string;
}

/** The warm pools, as far as those who create machines need them. */
export interface PoolCheckout {
  /** @throws WarmPoolNotFoundError */
  get(poolId: string): PoolRow;
  /** The reference of what a pool's members are made from now. */
  heldRef(pool: PoolRow): string;
  /**
   * Takes a ready member out of a pool, waiting for one if asked to. The claim is one transaction: the machine is written
   * and the member goes from `ready` to `claimed` by that machine, or neither happens.
   *
   * @returns `null` when the pool gives nothing and the mode is `prefer`
   * @throws UnpoolableRequestError, WarmPoolUnavailableError with `require`
   */
  checkOut(request: CheckoutRequest): Promise<CheckedOut | null>;
}
