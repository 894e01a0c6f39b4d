import type { Readable } from "node:stream";
import type { Readiness } from "pulumi-nullspace/sdk";

/** What a machine runs: the members of a resolved template that its guest needs. */
export interface MachineArtifact {
  /** `tmpl_…`. */
  readonly templateId: string;
  /** Image, by the id that the host of the driver knows it under: that of an engine, or `repository@sha256:…`. */
  readonly imageId: string;
  /** Main process, under `sh -c`. Absent: the machine idles, and lives for the commands that are run in it. */
  readonly startCmd?: string;
  /** The start command may end at once, and the machine idles on without it. @default false */
  readonly mayStartCmdEnd?: boolean;
  /** Variables of the main process and of every command, over those of the image. */
  readonly env: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workdir?: string;
}

/** A check that looks into the machine; `timeout` only waits, so it is none. */
export type Probe = Exclude<Readiness, { kind: "timeout" }>;

/** What a driver can do with its guests, for those above it to ask instead of knowing what runs them. */
export interface MachineCapabilities {
  /** Guests are paused and resumed, and keep what they hold in memory meanwhile. */
  readonly pauses: boolean;
  /** A guest can be without a network. One that has to be, and cannot, is refused: it never gets one all the same. */
  readonly isolates: boolean;
  /** Why it is not so, in words, where that may change. */
  readonly whyNotIsolated?: string;
  /** Guests share processors: one that asks for more than its host has runs more slowly. */
  readonly sharesCpus: boolean;
  /** What a guest writes is bounded by its spec; `undefined` while that has not been found out, which a start does. */
  readonly limitsDisk: boolean | undefined;
  /** It starts and ends guests on the processors of this process, which has to answer meanwhile. */
  readonly sharesHost: boolean;
  /** Guests that may be started at the same time, as far as the host is concerned. */
  readonly startsAtOnce: number;
  /**
   * A start may be given up at any time, and has then nothing under way any more: a guest that is removed after it does not
   * come back. Where it is not so, a start is waited for before its guest is removed.
   */
  readonly cutsStarts: boolean;
  /**
   * Placements that a pool may choose among for its machines: the name of each, and a digest of it and all that a machine has of it, so
   * that machines of another digest are others.
   *
   * @default none
   */
  readonly placements?: ReadonlyMap<string, string>;
}

/** Everything needed to make one guest; the same spec twice means the same guest. */
export interface GuestSpec {
  /** `gst_…`: the identity under which it is found again. */
  readonly guestId: string;
  /** Pool that it is made for; absent for a machine made on demand. */
  readonly poolId?: string;
  /** Machine that it is made for; absent for a member of a pool. */
  readonly machineId?: string;
  /**
   * Build that tries its start command in it. Such a guest is a trial: {@link MachineDriver.list} and
   * {@link MachineDriver.watch} leave it out, since no record of guests has it.
   */
  readonly buildId?: string;
  readonly artifact: MachineArtifact;
  readonly vcpus: number;
  readonly memoryMb: number;
  /** Held where the driver can; absent: no limit was asked for. */
  readonly diskMb?: number;
  readonly internetAccess: boolean;
  /** One of {@link MachineCapabilities.placements}; absent: that of the service. */
  readonly placement?: string;
}

/** What came of bringing an image to where machines start. */
export interface Preparation {
  /** Where the image is not, and why that is not waited for, in words; empty when it is wherever its machines may start. */
  readonly skipped: readonly string[];
}

/** What a host of machines has. */
export interface HostSize {
  readonly vcpus: number;
  readonly memoryMb: number;
  /** What it cannot bound: one machine may take all of it. Empty where it bounds everything. */
  readonly unbounded: readonly ("memory" | "CPU time" | "processes")[];
  /** Its guests share processors. @default {@link MachineCapabilities.sharesCpus} */
  readonly sharesCpus?: boolean;
}

/** A guest as the driver's host knows it. */
export interface ObservedGuest {
  readonly guestId: string;
  /** It runs or is paused (what it held in memory is still there), or was just made and will be started. */
  readonly alive: boolean;
  /** It lives, frozen. */
  readonly paused: boolean;
}

/** A guest in which a build tries its start command. */
export interface TrialGuest {
  readonly guestId: string;
  readonly buildId: string;
}

/** What one look at a guest saw. */
export type GuestHealth = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** What happened to a guest. */
export interface GuestEvent {
  readonly guestId: string;
  readonly kind: "died" | "paused" | "resumed";
}

/** How the main process of a guest ended. */
export interface GuestExit {
  readonly exitCode: number;
  /** Whether it was killed because it ran out of memory; false where that cannot be found out any more. */
  readonly outOfMemory: boolean;
  /** Why its host ended it (it was short of memory, say), in the host's words; absent when it did not. */
  readonly endedByHost?: string;
}

/** How to look at a guest. */
export interface LookOptions {
  readonly signal: AbortSignal;
  /** Longest time for a try of the check: a server that accepts and does not answer for so long does not pass. @default 2000 */
  readonly timeoutMs?: number;
  /**
   * Whoever asks follows {@link MachineDriver.watch}, and would know if the guest were dead or frozen: what the driver can
   * see by itself is enough. @default false
   */
  readonly isWatched?: boolean;
}

/** A piece of what a command writes. */
export interface GuestOutput {
  readonly stream: "stdout" | "stderr";
  /** A view that lasts as long as the call it is given to. */
  readonly data: Buffer;
}

/** A command to run in a guest. */
export interface GuestCommand {
  /** Program and arguments. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * User who runs it, by name or number.
   *
   * @default that of the guest. One that the image does not know ends it with 126
   */
  readonly user?: string;
  /**
   * What the command reads.
   *
   * @default nothing
   */
  readonly stdin?: string | Uint8Array | Readable;
  /**
   * Gets each piece of output as it comes; the next is read when it is done, so that a slow reader slows the command down.
   * Nothing is kept for the result then. When it throws, the command is killed.
   */
  readonly onOutput?: (output: GuestOutput) => void | Promise<void>;
  /** After this long it is killed, with all that it started. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** How a command ended. */
export interface GuestCommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Output was dropped because there was too much of it. */
  readonly truncated: boolean;
}

/**
 * Where machines run. The service decides what should be and records it first; a driver makes it so. Every call may be
 * repeated after a crash: starting what runs and removing what is gone are successes.
 *
 * Docker Engine and Kubernetes are the drivers of this service. Another (a fleet of micro-VMs, say) has to keep this contract
 * and nothing else.
 */
export interface MachineDriver {
  /** What it can do; what is `undefined` in it may be known later. */
  readonly capabilities: MachineCapabilities;
  /**
   * Makes and starts the guest of a spec, or takes up the one that was made before.
   *
   * @throws MachineImageMissingError; MachineRefusedError, also for what it has no capability for; MachineExitedError for
   *   one that was made before and has ended
   */
  start(spec: GuestSpec, signal?: AbortSignal): Promise<void>;
  /**
   * Brings the image of an artifact to every place where its guests may start, so that no start waits for it. It leaves nothing
   * behind but the image, also when it is given up. A driver whose starts have the image at hand, or all fetch it to one place,
   * has no such call.
   *
   * @param placement of the guests; absent: that of the service
   * @throws MachineImageMissingError when a place cannot get it; MachineRefusedError
   */
  prepare?(artifact: MachineArtifact, signal: AbortSignal, placement?: string): Promise<Preparation>;
  /**
   * Waits until the main process of a guest has ended, for one that was started; at once when it has.
   *
   * @throws GuestNotRunningError when there is no such guest, or it is removed before its end is heard of
   */
  waitExit(guestId: string, signal?: AbortSignal): Promise<GuestExit>;
  /** Last lines that the main process wrote, oldest first; none of a guest that is not there. */
  logs(guestId: string, signal?: AbortSignal): Promise<string[]>;
  /** Runs a command to its end. @throws GuestCommandTimeoutError; GuestNotRunningError */
  exec(guestId: string, command: GuestCommand): Promise<GuestCommandResult>;
  /**
   * Looks once whether the guest can be handed out: it runs, is not frozen, and passes its readiness check if it is given
   * one. Checks look from inside, so a server on the machine's loopback counts. What is wrong with the guest is in the answer; only an engine that does not answer is an error.
   */
  look(guestId: string, readiness: Readiness | undefined, options: LookOptions): Promise<GuestHealth>;
  /**
   * Host name or address under which the ports of a guest are reached from where its host's network reaches.
   *
   * @returns `undefined` for a guest without a network
   * @throws GuestNotRunningError
   */
  address(guestId: string, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * Freezes the guest; its memory stays.
   *
   * @throws GuestNotRunningError, for one that is frozen too; MachineRefusedError without {@link MachineCapabilities.pauses}
   */
  pause(guestId: string, signal?: AbortSignal): Promise<void>;
  /** Lets a frozen guest go on. @throws GuestNotPausedError for one that runs; GuestNotRunningError */
  resume(guestId: string, signal?: AbortSignal): Promise<void>;
  /** Removes the guest, running or not, with all that it wrote. */
  remove(guestId: string, signal?: AbortSignal): Promise<void>;
  /**
   * What happens to the guests of this service from now on, until the host goes away or the signal ends it. Nothing is
   * missed from the moment that `onOpen` is called. A death is told once, in whatever order the host's own news come; a pause and
   * its end may be told again.
   */
  watch(options: { readonly signal: AbortSignal; readonly onOpen: () => void }): AsyncIterable<GuestEvent>;
  /** Every guest of this service but the trials of builds. */
  list(signal?: AbortSignal): Promise<ObservedGuest[]>;
  /** Every trial of a build of this service. */
  listTrials(signal?: AbortSignal): Promise<TrialGuest[]>;
  /** What the host has, or hosts of a placement have, to bound what is asked for; `undefined` while it does not say. */
  hostSize(signal?: AbortSignal, placement?: string): Promise<HostSize | undefined>;
}
