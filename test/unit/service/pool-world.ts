import { type FailureStreak } from "../../../service/fleet/pools/backoff.ts";
import { planPool, type DesiredPool, type ObservedMember, type PoolPlan } from "../../../service/fleet/pools/plan.ts";

/** A pool in a world without an engine: members warm, fail, die and go as the test says. */
export class PoolWorld {
  nowMs = 1_000_000;
  desired: DesiredPool;
  members: ObservedMember[] = [];
  failures: FailureStreak = { count: 0, lastAtMs: null };
  waitingCheckouts = 0;
  #made = 0;

  constructor(desired: Partial<DesiredPool> = {}) {
    this.desired = {
      state: "enabled",
      key: "A",
      minReady: 2,
      maxReady: 3,
      staleAfterMs: 900_000,
      idleTimeoutMs: 600_000,
      ...desired,
    };
  }

  count(state: ObservedMember["state"]): number {
    return this.members.filter((member) => member.state === state).length;
  }

  /** Runs the planner once and does what it says, as the controller would. */
  reconcile(): PoolPlan {
    const plan = planPool(this, this.desired, this.nowMs);
    for (const action of plan.actions) {
      if (action.kind === "warm") this.#add(action.key);
      else this.#set(action.memberId, { state: "terminating" });
    }
    return plan;
  }

  /** A member that warms becomes ready. */
  warmUp(index = 0): void {
    const member = this.#pick("warming", index);
    if (member !== undefined) this.#set(member.id, { state: "ready", readyAtMs: this.nowMs });
  }

  /** A member that warms (or is ready) fails. */
  fail(state: "warming" | "ready", index = 0): void {
    const member = this.#pick(state, index);
    if (member === undefined) return;
    this.#set(member.id, { state: "terminating" });
    this.failures = { count: this.failures.count + 1, lastAtMs: this.nowMs };
  }

  /** The engine has removed a member that was let go. */
  remove(index = 0): void {
    const member = this.#pick("terminating", index);
    this.members = this.members.filter((other) => other !== member);
  }

  /** A checkout takes a ready member. */
  claim(index = 0): ObservedMember | undefined {
    const member = this.#pick("ready", index);
    this.members = this.members.filter((other) => other !== member);
    return member;
  }

  /** Lets everything that is under way succeed, and time pass, until nothing more happens. */
  settle(limit = 200): void {
    for (let turn = 0; turn < limit; turn += 1) {
      const plan = this.reconcile();
      const isMoving = plan.actions.length > 0 || this.count("warming") + this.count("terminating") > 0;
      while (this.count("warming") > 0) this.warmUp();
      while (this.count("terminating") > 0) this.remove();
      if (isMoving) continue;
      if (plan.nextLookAtMs === null || this.failures.count === 0) return;
      this.nowMs = Math.max(this.nowMs, plan.nextLookAtMs);
      this.failures = { count: 0, lastAtMs: null };
    }
    throw new Error("the pool does not settle");
  }

  #add(key: string): void {
    this.#made += 1;
    const id = `m${String(this.#made).padStart(6, "0")}`;
    this.members = [...this.members, { id, state: "warming", key, readyAtMs: null }];
  }

  #pick(state: ObservedMember["state"], index: number): ObservedMember | undefined {
    const members = this.members.filter((member) => member.state === state);
    return members[index % Math.max(1, members.length)];
  }

  #set(id: string, change: Partial<ObservedMember>): void {
    this.members = this.members.map((member) => (member.id === id ? { ...member, ...change } : member));
  }
}
