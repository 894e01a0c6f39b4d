import { EventEmitter, on, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { EngineUnavailableError } from "../../../service/errors.ts";
import {
  GuestCommandTimeoutError,
  GuestNotPausedError,
  GuestNotRunningError,
  MachineExitedError,
  MachineImageMissingError,
  MachineRefusedError,
} from "../../../service/fleet/guests/driver-errors.ts";
import type { Readiness } from "../../../sdk/wire/index.ts";
import type {
  GuestCommand,
  GuestCommandResult,
  GuestEvent,
  GuestExit,
  GuestHealth,
  GuestSpec,
  LookOptions,
  MachineArtifact,
  MachineCapabilities,
  MachineDriver,
  ObservedGuest,
  Preparation,
  TrialGuest,
} from "../../../service/fleet/guests/machine-driver.ts";

interface MemoryGuest {
  spec: GuestSpec;
  alive: boolean;
  paused: boolean;
  /** How its main process ended. */
  exit?: GuestExit;
  /** What its main process wrote, by line. */
  lines: string[];
}

/** The few scripts that guests in memory understand. */
const SCRIPT = /^(?:echo (\w+); )?(?:sleep ([\d.]+)(?:; )?)?(?:exit (\d+)|true|false)?$/;

/**
 * Machines in memory: for what a real engine cannot be made to do (be away, lose a guest between two calls). It refuses what
 * a real one refuses, which the contract of drivers proves. Start commands that it cannot read go on for ever.
 */
export class MemoryDriver implements MachineDriver {
  readonly guests = new Map<string, MemoryGuest>();
  capabilities: MachineCapabilities = {
    pauses: true,
    isolates: true,
    sharesCpus: true,
    limitsDisk: true,
    sharesHost: true,
    startsAtOnce: 4,
    cutsStarts: false,
  };
  /** Images that are there; `undefined`: all. */
  images: ReadonlySet<string> | undefined;
  /** Every guest that was ever started. */
  readonly started: string[] = [];
  isAway = false;
  readonly #events = new EventEmitter().setMaxListeners(0);
  /** Told of every guest that ends or is removed. */
  readonly #ends = new EventEmitter().setMaxListeners(0);
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
    if (!spec.internetAccess && !this.capabilities.isolates) {
      const reason = "guests in memory cannot be without a network";
      throw new MachineRefusedError(reason, { isImpossible: true, mayPass: false });
    }
    this.started.push(guestId);
    const { seconds, exitCode, line } = readScript(artifact.startCmd ?? "");
    const guest: MemoryGuest = { spec, alive: true, paused: false, lines: line === undefined ? [] : [line] };
    this.guests.set(guestId, guest);
    if (this.failingStarts > 0) {
      this.failingStarts -= 1;
      guest.lines.push("made to fail");
      this.#end(guestId, guest, 1);
    } else if (exitCode !== undefined) {
      setTimeout(() => this.#end(guestId, guest, exitCode), seconds * 1000).unref();
    }
  }

  /** Only with {@link bringsImages}. */
  prepare?: (artifact: MachineArtifact, signal: AbortSignal, placement?: string) => Promise<Preparation>;
  /** Placements that images were to be brought to. */
  readonly preparedFor: (string | undefined)[] = [];

  /** From now on an image has to be brought to its hosts, which takes until somebody says that it is there, or cannot be. */
  bringsImages(): {
    readonly asked: string[];
    readonly given: string[];
    answer(templateId: string, is: "there" | "missing"): void;
  } {
    const answers = new EventEmitter().setMaxListeners(0);
    const known = new Map<string, "there" | "missing">();
    const asked: string[] = [];
    const given: string[] = [];
    this.prepare = async ({ templateId, imageId }, signal, placement) => {
      await this.#call();
      this.preparedFor.push(placement);
      asked.push(templateId);
      try {
        while (!known.has(templateId)) await once(answers, templateId, { signal });
      } catch (error) {
        given.push(templateId);
        throw error;
      }
      if (known.get(templateId) === "there") return { skipped: [] };
      known.delete(templateId);
      throw new MachineImageMissingError(templateId, imageId, undefined, "cannot be pulled by node n1 (ErrImagePull)");
    };
    const answer = (templateId: string, is: "there" | "missing") => {
      known.set(templateId, is);
      answers.emit(templateId);
    };
    return { asked, given, answer };
  }

  async waitExit(guestId: string, signal?: AbortSignal): Promise<GuestExit> {
    await this.#call();
    for (;;) {
      signal?.throwIfAborted();
      const guest = this.guests.get(guestId);
      if (guest === undefined) throw new GuestNotRunningError(guestId);
      if (guest.exit !== undefined) return guest.exit;
      await once(this.#ends, guestId, { signal });
    }
  }

  async logs(guestId: string): Promise<string[]> {
    await this.#call();
    return this.guests.get(guestId)?.lines ?? [];
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

  async look(guestId: string, readiness: Readiness | undefined, { signal }: LookOptions): Promise<GuestHealth> {
    await this.#call();
    signal.throwIfAborted();
    const guest = this.guests.get(guestId);
    if (guest?.alive !== true) return { ok: false, reason: "it is dead" };
    if (guest.paused) return { ok: false, reason: "it is paused" };
    const fails = readiness?.kind === "command" && readiness.command === "false";
    return readiness !== undefined && (fails || this.unwell.has(guestId))
      ? { ok: false, reason: "it is unwell" }
      : { ok: true };
  }

  async address(guestId: string): Promise<string | undefined> {
    await this.#call();
    const guest = this.guests.get(guestId);
    if (guest === undefined) throw new GuestNotRunningError(guestId);
    return guest.spec.internetAccess ? "127.0.0.1" : undefined;
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
    this.#ends.emit(guestId);
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
    if (guest !== undefined) this.#end(guestId, guest, 137);
  }

  /** As an engine does, it refuses to freeze what is frozen, and to let go what is not. */
  #freeze(guestId: string, paused: boolean): void {
    const guest = this.guests.get(guestId);
    if (!this.capabilities.pauses) {
      throw new MachineRefusedError("guests in memory cannot be paused here", { isImpossible: true, mayPass: false });
    }
    if (guest?.alive !== true || (paused && guest.paused)) throw new GuestNotRunningError(guestId);
    if (!paused && !guest.paused) throw new GuestNotPausedError(guestId);
    guest.paused = paused;
    this.#tell(guestId, guest, paused ? "paused" : "resumed");
  }

  #end(guestId: string, guest: MemoryGuest, exitCode: number): void {
    if (this.guests.get(guestId) !== guest || !guest.alive) return;
    Object.assign(guest, { alive: false, exit: { exitCode, outOfMemory: false } });
    this.#ends.emit(guestId);
    this.#tell(guestId, guest, "died");
  }

  /** Nobody is told of the trials of builds. */
  #tell(guestId: string, { spec }: MemoryGuest, kind: GuestEvent["kind"]): void {
    if (spec.buildId === undefined) this.#events.emit("event", { guestId, kind });
  }

  async #call(): Promise<void> {
    await sleep(this.delayMs());
    if (this.isAway) throw new EngineUnavailableError("connect ENOENT");
  }
}

function exited({ exit = { exitCode: 137, outOfMemory: false }, lines }: MemoryGuest): MachineExitedError {
  return new MachineExitedError({ ...exit, logTail: lines });
}

/** @returns how long a script takes, how it ends, what it writes; no exit code: it is none of those known here, and goes on */
function readScript(script: string): { seconds: number; exitCode?: number; line?: string | undefined } {
  const match = script === "" ? null : SCRIPT.exec(script);
  if (match === null) return { seconds: 0 };
  const exitCode = script === "false" ? 1 : Number(match[3] ?? 0);
  return { seconds: Number(match[2] ?? 0), exitCode, line: match[1] };
}
