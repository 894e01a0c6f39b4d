import { setTimeout as sleep } from "node:timers/promises";
import { EngineUnreachableError } from "../../../sdk/docker/index.ts";
import { MachineExitedError } from "../../../service/machines/errors.ts";
import type {
  GuestCommandResult,
  GuestSpec,
  MachineDriver,
  ObservedGuest,
} from "../../../service/machines/machine-driver.ts";

/** Machines in memory: for what a real engine cannot be made to do (be away, lose a guest between two calls). */
export class MemoryDriver implements MachineDriver {
  readonly guests = new Map<string, { spec: GuestSpec; alive: boolean }>();
  /** Every guest that was ever started. */
  readonly started: string[] = [];
  isAway = false;
  /** Starts that fail before others succeed again. */
  failingStarts = 0;
  /** Called when a guest is started, before it is there. */
  onStart: (spec: GuestSpec) => void = () => undefined;
  /** Milliseconds that a call takes. */
  delayMs: () => number = () => 1;

  async start(spec: GuestSpec): Promise<void> {
    await this.#call();
    this.onStart(spec);
    this.started.push(spec.guestId);
    this.guests.set(spec.guestId, { spec, alive: true });
  }

  async waitUntilReady(_guestId: string, _readiness: unknown, options: { signal?: AbortSignal }): Promise<void> {
    await this.#call();
    options.signal?.throwIfAborted();
    if (this.failingStarts <= 0) return;
    this.failingStarts -= 1;
    throw new MachineExitedError({ exitCode: 1, outOfMemory: false, logTail: ["made to fail"] });
  }

  async exec(): Promise<GuestCommandResult> {
    await this.#call();
    return { exitCode: 0, stdout: "", stderr: "", truncated: false };
  }

  async isAlive(guestId: string): Promise<boolean> {
    await this.#call();
    return this.guests.get(guestId)?.alive ?? false;
  }

  async explainDeath(): Promise<string> {
    await this.#call();
    return "It was killed by a test.";
  }

  async pause(): Promise<void> {
    await this.#call();
  }

  async resume(): Promise<void> {
    await this.#call();
  }

  async remove(guestId: string): Promise<void> {
    await this.#call();
    this.guests.delete(guestId);
  }

  async list(): Promise<ObservedGuest[]> {
    await this.#call();
    return [...this.guests].map(([guestId, { alive }]) => ({ guestId, alive }));
  }

  /** A guest dies by itself. */
  kill(guestId: string): void {
    const guest = this.guests.get(guestId);
    if (guest !== undefined) guest.alive = false;
  }

  async #call(): Promise<void> {
    await sleep(this.delayMs());
    if (this.isAway) throw new EngineUnreachableError("unix:///nowhere", "connect ENOENT");
  }
}
