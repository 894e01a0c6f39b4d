import { EventEmitter, on } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineUnavailableError } from "../../../service/errors.ts";
import {
  GuestCommandTimeoutError,
  GuestNotPausedError,
  GuestNotRunningError,
  MachineExitedError,
  MachineImageMissingError,
  ReadinessTimeoutError,
} from "../../../service/fleet/guests/driver-errors.ts";
import type { Readiness } from "../../../sdk/wire/index.ts";
import type {
  GuestCommand,
  GuestCommandResult,
  GuestEvent,
  GuestHealth,
  GuestSpec,
  MachineDriver,
  ObservedGuest,
  ReadinessOptions,
  TrialGuest,
} from "../../../service/fleet/guests/machine-driver.ts";

interface MemoryGuest {
  spec: GuestSpec;
  alive: boolean;
  paused: boolean;
  /** How its main process ended; absent: it was killed by a test. */
  exitCode?: number;
}

/** The few scripts that guests in memory understand. */
const SCRIPT = /^(?:sleep ([\d.]+)(?:; )?)?(?:exit (\d+)|true|false)?$/;

/**
 * Machines in memory: for what a real engine cannot be made to do (be away, lose a guest between two calls). It refuses what
 * a real one refuses, which the contract of drivers proves. Start commands that it cannot read go on for ever.
 */
export class MemoryDriver implements MachineDriver {
  readonly guests = new Map<string, MemoryGuest>();
  /** Images that are there; `undefined`: all. */
  images: ReadonlySet<string> | undefined;
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
    const { guestId, artifact } = spec;
    const before = this.guests.get(guestId);
    if (before !== undefined) {
      if (!before.alive) throw exited(before);
      return;
    }
    if (this.images?.has(artifact.imageId) === false) {
      throw new MachineImageMissingError(artifact.templateId, artifact.imageId);
    }
    this.started.push(guestId);
    const guest: MemoryGuest = { spec, alive: true, paused: false };
    this.guests.set(guestId, guest);
    const { seconds, exitCode } = readScript(artifact.startCmd ?? "");
    if (exitCode === undefined) return;
    setTimeout(() => this.#end(guestId, guest, exitCode), seconds * 1000).unref();
  }

  async waitUntilReady(guestId: string, readiness: Readiness | undefined, options: ReadinessOptions): Promise<void> {
    await this.#call();
    options.signal?.throwIfAborted();
    if (this.failingStarts > 0) {
      this.failingStarts -= 1;
      throw new MachineExitedError({ exitCode: 1, outOfMemory: false, logTail: ["made to fail"] });
    }
    const guest = this.guests.get(guestId);
    if (guest === undefined) throw new GuestNotRunningError(guestId);
    const { exitCode } = readScript(guest.spec.artifact.startCmd ?? "");
    // A main process that goes on is as steady now as later.
    if (exitCode !== undefined) await this.#until(() => !guest.alive, options.steadyMs ?? 0, options.signal);
    if (!guest.alive) throw exited(guest);
    if (readiness?.kind === "command" && readiness.command === "false") await this.#neverReady(readiness, options);
  }

  async exec(guestId: string, { argv, timeoutMs, signal }: GuestCommand): Promise<GuestCommandResult> {
    await this.#call();
    const guest = this.guests.get(guestId);
    if (guest?.alive !== true || guest.paused) throw new GuestNotRunningError(guestId);
    const { seconds, exitCode = 0 } = readScript(argv[2] ?? "");
    await sleep(Math.min(seconds * 1000, timeoutMs), undefined, { signal });
    if (seconds * 1000 > timeoutMs) {
      const message = `The command did not end within ${timeoutMs} ms.`;
      throw new GuestCommandTimeoutError({ stdout: "", stderr: "", killed: true, message });
    }
    return { exitCode, stdout: "", stderr: "", truncated: false };
  }

  async look(guestId: string, readiness: Readiness | undefined): Promise<GuestHealth> {
    await this.#call();
    const guest = this.guests.get(guestId);
    if (guest?.alive !== true) return { ok: false, reason: "it is dead" };
    if (guest.paused) return { ok: false, reason: "it is paused" };
    const fails = readiness?.kind === "command" && readiness.command === "false";
    return readiness !== undefined && (fails || this.unwell.has(guestId))
      ? { ok: false, reason: "it is unwell" }
      : { ok: true };
  }

  async address(): Promise<string> {
    await this.#call();
    return "127.0.0.1";
  }

  async explainDeath(guestId: string): Promise<string> {
    await this.#call();
    const guest = this.guests.get(guestId);
    return guest?.exitCode === undefined ? "It was killed by a test." : exited(guest).message;
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
    const events = on(this.#events, "event", { signal });
    onOpen();
    for await (const [event] of events) {
      await this.#call();
      yield event as GuestEvent;
    }
  }

  async list(): Promise<ObservedGuest[]> {
    await this.#call();
    return [...this.guests]
      .filter(([, { spec }]) => spec.buildId === undefined)
      .map(([guestId, { alive, paused }]) => ({ guestId, alive, paused }));
  }

  async listTrials(): Promise<TrialGuest[]> {
    await this.#call();
    return [...this.guests].flatMap(
      ([
        guestId,
        {
          spec: { buildId },
        },
      ]) => (buildId === undefined ? [] : [{ guestId, buildId }]),
    );
  }

  async hostSize(): Promise<undefined> {
    return undefined;
  }

  /** A guest dies by itself. */
  kill(guestId: string): void {
    const guest = this.guests.get(guestId);
    if (guest === undefined) return;
    guest.alive = false;
    this.#tell(guestId, guest, "died");
  }

  /** As an engine does, it refuses to freeze what is frozen, and to let go what is not. */
  #freeze(guestId: string, paused: boolean): void {
    const guest = this.guests.get(guestId);
    if (guest?.alive !== true || (paused && guest.paused)) throw new GuestNotRunningError(guestId);
    if (!paused && !guest.paused) throw new GuestNotPausedError(guestId);
    guest.paused = paused;
    this.#tell(guestId, guest, paused ? "paused" : "resumed");
  }

  #end(guestId: string, guest: MemoryGuest, exitCode: number): void {
    if (this.guests.get(guestId) !== guest || !guest.alive) return;
    Object.assign(guest, { alive: false, exitCode });
    this.#tell(guestId, guest, "died");
  }

  /** Nobody is told of the trials of builds. */
  #tell(guestId: string, { spec }: MemoryGuest, kind: GuestEvent["kind"]): void {
    if (spec.buildId === undefined) this.#events.emit("event", { guestId, kind });
  }

  async #until(isSo: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    for (let leftMs = timeoutMs; leftMs > 0 && !isSo(); leftMs -= 5) await sleep(5, undefined, { signal });
  }

  async #neverReady(readiness: Readiness, { onAttempt, signal }: ReadinessOptions): Promise<never> {
    const { timeout_secs = 30, interval_ms = 500 } = readiness as { timeout_secs?: number; interval_ms?: number };
    let attempt = 1;
    for (let elapsedMs = 0; elapsedMs < timeout_secs * 1000; elapsedMs += interval_ms) {
      onAttempt?.({ attempt: attempt++, ok: false, reason: "it ended with exit code 1", elapsedMs });
      await sleep(interval_ms, undefined, { signal });
    }
    throw new ReadinessTimeoutError({
      check: "the command `false` to succeed",
      waitedMs: timeout_secs * 1000,
      attempts: attempt - 1,
      lastFailure: "it ended with exit code 1",
      logTail: [],
    });
  }

  async #call(): Promise<void> {
    await sleep(this.delayMs());
    if (this.isAway) throw new EngineUnavailableError("connect ENOENT");
  }
}

function exited({ exitCode = 137 }: MemoryGuest): MachineExitedError {
  return new MachineExitedError({ exitCode, outOfMemory: false, logTail: [] });
}

/** @returns how long a script takes and how it ends; no exit code: it is none of those known here, and goes on */
function readScript(script: string): { seconds: number; exitCode?: number } {
  const match = script === "" ? null : SCRIPT.exec(script);
  if (match === null) return { seconds: 0 };
  return { seconds: Number(match[1] ?? 0), exitCode: script === "false" ? 1 : Number(match[2] ?? 0) };
}
