import { EventEmitter, on } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineUnavailableError } from "../../../service/errors.ts";
import { GuestNotRunningError, MachineExitedError } from "../../../service/fleet/guests/driver-errors.ts";
import type {
  GuestCommandResult,
  GuestEvent,
  GuestHealth,
  GuestSpec,
  MachineDriver,
  ObservedGuest,
} from "../../../service/fleet/guests/machine-driver.ts";

/** Machines in memory: for what a real engine cannot be made to do (be away, lose a guest between two calls). */
export class MemoryDriver implements MachineDriver {
  readonly guests = new Map<string, { spec: GuestSpec; alive: boolean; paused: boolean }>();
  /** Every guest that was ever started. */
  readonly started: string[] = [];
  isAway = false;
  readonly #events = new EventEmitter().setMaxListeners(0);
  /** Guests that run and do not pass their check. */
  readonly unwell = new Set<string>();
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
    this.guests.set(spec.guestId, { spec, alive: true, paused: false });
  }

  async waitUntilReady(_guestId: string, _readiness: unknown, options: { signal?: AbortSignal }): Promise<void> {
    await this.#call();
    options.signal?.throwIfAborted();
    if (this.failingStarts <= 0) return;
    this.failingStarts -= 1;
    throw new MachineExitedError({ exitCode: 1, outOfMemory: false, logTail: ["made to fail"] });
  }

  async exec(guestId: string): Promise<GuestCommandResult> {
    await this.#call();
    const guest = this.guests.get(guestId);
    if (guest?.alive !== true || guest.paused) throw new GuestNotRunningError(guestId);
    return { exitCode: 0, stdout: "", stderr: "", truncated: false };
  }

  async look(guestId: string, readiness: unknown): Promise<GuestHealth> {
    await this.#call();
    const guest = this.guests.get(guestId);
    if (guest?.alive !== true) return { ok: false, reason: "it is dead" };
    if (guest.paused) return { ok: false, reason: "it is paused" };
    return readiness !== undefined && this.unwell.has(guestId) ? { ok: false, reason: "it is unwell" } : { ok: true };
  }

  async address(): Promise<string> {
    await this.#call();
    return "127.0.0.1";
  }

  async explainDeath(): Promise<string> {
    await this.#call();
    return "It was killed by a test.";
  }

  async pause(guestId: string): Promise<void> {
    await this.#call();
    this.#freeze(guestId, true);
  }

  async resume(guestId: string): Promise<void> {
    await this.#call();
    this.#freeze(guestId, false);
  }

  async remove(guestId: string): Promise<void> {
    await this.#call();
    this.guests.delete(guestId);
  }

  async *watch({ signal, onOpen }: { signal: AbortSignal; onOpen: () => void }): AsyncGenerator<GuestEvent> {
    await this.#call();
    onOpen();
    for await (const [event] of on(this.#events, "event", { signal })) {
      await this.#call();
      yield event as GuestEvent;
    }
  }

  async list(): Promise<ObservedGuest[]> {
    await this.#call();
    return [...this.guests].map(([guestId, { alive, paused }]) => ({ guestId, alive, paused }));
  }

  /** A guest dies by itself. */
  kill(guestId: string): void {
    const guest = this.guests.get(guestId);
    if (guest === undefined) return;
    guest.alive = false;
    this.#events.emit("event", { guestId, kind: "died" });
  }

  /** As an engine does, it refuses to freeze what is frozen, and to let go what is not. */
  #freeze(guestId: string, paused: boolean): void {
    const guest = this.guests.get(guestId);
    if (guest?.alive !== true || guest.paused === paused) throw new GuestNotRunningError(guestId);
    guest.paused = paused;
    this.#events.emit("event", { guestId, kind: paused ? "paused" : "resumed" });
  }

  async #call(): Promise<void> {
    await sleep(this.delayMs());
    if (this.isAway) throw new EngineUnavailableError("connect ENOENT");
  }
}
