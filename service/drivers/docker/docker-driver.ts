import {
  EngineConflictError,
  EngineError,
  EngineNotFoundError,
  ExecTimeoutError,
  isEngineAway,
  type DockerEngine,
} from "pulumi-nullspace/docker";
import type { Readiness } from "pulumi-nullspace/sdk";
import { engineUnavailable } from "./engine-away.ts";
import { INSTANCE_LABEL } from "../../labels.ts";
import { startMachineContainer } from "./container.ts";
import { DiskLimit } from "./disk-limit.ts";
import { engineHostSize } from "./host-size.ts";
import type { ImagePulls } from "./image-pulls.ts";
import {
  GuestCommandTimeoutError,
  GuestNotPausedError,
  GuestNotRunningError,
  MachineImageMissingError,
} from "../../fleet/guests/driver-errors.ts";
import { addressOf, HostView } from "./host-view.ts";
import { readLogTail } from "./log-tail.ts";
import { MachineNetwork } from "./network.ts";
import type {
  GuestCommand,
  GuestCommandResult,
  GuestEvent,
  GuestExit,
  GuestHealth,
  GuestSpec,
  HostSize,
  LookOptions,
  MachineCapabilities,
  MachineDriver,
  ObservedGuest,
  TrialGuest,
} from "../../fleet/guests/machine-driver.ts";
import { MAX_OUTPUT_BYTES } from "../output-bounds.ts";
import { tryProbe } from "./probe.ts";

/** Label of the container of a guest: its id. */
export const GUEST_LABEL = "dev.nullspace.local.guest";
/** Label of a container that was made for a pool. */
export const POOL_LABEL = "dev.nullspace.local.pool";
/** Label of a container that was made for a machine. (One that a checkout handed out has none: labels are for ever.) */
export const MACHINE_LABEL = "dev.nullspace.local.machine";

/** Label of the container in which a build tries its start command: the build. It has no label of a guest. */
export const BUILD_LABEL = "dev.nullspace.local.build";

/** A server that accepts and does not answer for so long is not one to hand out. */
const LOOK_TIMEOUT_MS = 2_000;

/** What the engine calls what happens to a guest. */
const EVENTS = { die: "died", pause: "paused", unpause: "resumed" } as const;

/** Containers that are made and started at the same time; more only makes each of them slower. */
const STARTS_AT_ONCE = 4;

/** Containers of Docker Engine. */
export class DockerMachineDriver implements MachineDriver {
  readonly #engine: DockerEngine;
  readonly #serviceId: string;
  readonly #disk: DiskLimit;
  readonly #network: MachineNetwork;
  readonly #pulls: ImagePulls | undefined;
  /** The engine may run containers on this very host. */
  readonly #isLocal: boolean;
  /** Guests as this process sees them, as far as they have been looked at. */
  readonly #views = new Map<string, HostView>();

  /**
   * @param serviceId the label value that tells this service's containers from those of others
   * @param pulls fetches images that the engine lacks; default: an image is on the engine, or nowhere
   */
  constructor(engine: DockerEngine, serviceId: string, pulls?: ImagePulls) {
    this.#engine = engine;
    this.#serviceId = serviceId;
    this.#disk = new DiskLimit(engine);
    this.#network = new MachineNetwork(engine);
    this.#pulls = pulls;
    this.#isLocal = engine.host.startsWith("unix:");
  }

  get capabilities(): MachineCapabilities {
    return {
      pauses: true,
      isolates: true,
      sharesCpus: true,
      limitsDisk: this.#disk.isHeld,
      sharesHost: this.#isLocal,
      startsAtOnce: STARTS_AT_ONCE,
      cutsStarts: false,
    };
  }

  async start(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    const options = {
      serviceId: this.#serviceId,
      name: containerName(spec.guestId),
      labels: {
        ...(spec.buildId === undefined ? { [GUEST_LABEL]: spec.guestId } : { [BUILD_LABEL]: spec.buildId }),
        ...(spec.poolId !== undefined && { [POOL_LABEL]: spec.poolId }),
        ...(spec.machineId !== undefined && { [MACHINE_LABEL]: spec.machineId }),
      },
      vcpus: spec.vcpus,
      memoryMb: spec.memoryMb,
      ...(spec.internetAccess && { network: this.#network }),
      ...(signal && { signal }),
    };
    const start = (diskMb: number | undefined) =>
      startMachineContainer(this.#engine, spec.artifact, { ...options, ...(diskMb !== undefined && { diskMb }) });
    try {
      await this.#disk.apply(spec.diskMb, start, signal).catch(async (error: unknown) => {
        const isMissing = error instanceof MachineImageMissingError;
        if (!isMissing || !(await this.#pulls?.pull(spec.artifact.imageId, signal))) throw error;
        await this.#disk.apply(spec.diskMb, start, signal);
      });
    } catch (error) {
      rethrow(error);
    }
  }

  /** Takes an image away that was fetched and that nobody starts machines from any more. It is none of a caller's business how. */
  async forgetImage(imageId: string): Promise<void> {
    await this.#pulls?.forget(imageId).catch(() => undefined);
  }

  hostSize(signal?: AbortSignal): Promise<HostSize | undefined> {
    return engineHostSize(this.#engine, signal);
  }

  async waitExit(guestId: string, signal?: AbortSignal): Promise<GuestExit> {
    const name = containerName(guestId);
    try {
      const { exitCode } = await this.#engine.containers.wait(name, { signal });
      const { State } = await this.#engine.containers.inspect(name, { signal });
      return { exitCode, outOfMemory: State.OOMKilled === true };
    } catch (error) {
      return rethrow(error, guestId);
    }
  }

  async logs(guestId: string, signal?: AbortSignal): Promise<string[]> {
    try {
      return await readLogTail(this.#engine, containerName(guestId), signal);
    } catch (error) {
      if (error instanceof EngineNotFoundError) return [];
      return rethrow(error);
    }
  }

  async exec(guestId: string, command: GuestCommand): Promise<GuestCommandResult> {
    try {
      return await this.#engine.containers.exec(containerName(guestId), {
        cmd: [...command.argv],
        env: { ...command.env },
        user: command.user,
        stdin: command.stdin,
        onOutput: command.onOutput,
        timeoutMs: command.timeoutMs,
        maxOutputBytes: MAX_OUTPUT_BYTES,
        signal: command.signal,
      });
    } catch (error) {
      if (error instanceof ExecTimeoutError) throw new GuestCommandTimeoutError(error, error);
      return rethrow(error, guestId);
    }
  }

  async look(guestId: string, readiness: Readiness | undefined, options: LookOptions): Promise<GuestHealth> {
    const { signal, isWatched = false, timeoutMs = LOOK_TIMEOUT_MS } = options;
    const probe = readiness?.kind === "timeout" ? undefined : readiness;
    const containerId = containerName(guestId);
    let view = this.#views.get(guestId);
    // A try of a check asks the view itself.
    if (isWatched && probe === undefined && (await view?.isSeenReady(probe))) return { ok: true };
    try {
      // Watched, with its processes known: a try of the check says all that there is to say.
      if (!(isWatched && view !== undefined && probe !== undefined)) {
        const container = await this.#engine.containers.inspect(containerId, { signal });
        const { State } = container;
        if (this.#isLocal) this.#views.set(guestId, (view = new HostView(container)));
        if (!State.Running) return { ok: false, reason: `its main process ended with exit code ${State.ExitCode}` };
        // With the engine it runs all the same.
        if (State.Paused === true) return { ok: false, reason: "it is paused" };
      }
      if (probe === undefined) return { ok: true };
      return await tryProbe(probe, { engine: this.#engine, containerId, view, timeoutMs, signal });
    } catch (error) {
      if (error instanceof EngineNotFoundError) return { ok: false, reason: "its container is gone" };
      return rethrow(error);
    }
  }

  async address(guestId: string, signal?: AbortSignal): Promise<string | undefined> {
    const { NetworkSettings } = await this.#engine.containers
      .inspect(containerName(guestId), { signal })
      .catch((error: unknown) => rethrow(error, guestId));
    return addressOf(NetworkSettings);
  }

  async pause(guestId: string, signal?: AbortSignal): Promise<void> {
    await this.#engine.containers
      .pause(containerName(guestId), { signal })
      .catch((error: unknown) => rethrow(error, guestId));
  }

  async resume(guestId: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#engine.containers.unpause(containerName(guestId), { signal });
    } catch (error) {
      // The engine has no code for it: it calls it an internal error.
      if (error instanceof EngineError && error.status === 500 && (await this.#runs(guestId, signal))) {
        throw new GuestNotPausedError(guestId, error);
      }
      rethrow(error, guestId);
    }
  }

  async remove(guestId: string, signal?: AbortSignal): Promise<void> {
    const name = containerName(guestId);
    this.#views.delete(guestId);
    try {
      await this.#engine.containers.remove(name, { force: true, volumes: true, signal });
    } catch (error) {
      if (error instanceof EngineNotFoundError) return;
      // 409: "removal is already in progress", from a call whose answer was lost.
      if (error instanceof EngineConflictError)
        return this.#waitRemoved(name, signal).catch((error: unknown) => rethrow(error));
      rethrow(error);
    }
  }

  async *watch({ signal, onOpen }: { signal: AbortSignal; onOpen: () => void }): AsyncGenerator<GuestEvent> {
    const filters = {
      type: ["container"],
      event: Object.keys(EVENTS),
      label: [`${INSTANCE_LABEL}=${this.#serviceId}`, GUEST_LABEL],
    };
    try {
      for await (const { Action, Actor } of this.#engine.events({ filters, signal, onOpen })) {
        const kind = EVENTS[Action as keyof typeof EVENTS];
        const guestId = Actor.Attributes?.[GUEST_LABEL];
        if (kind !== undefined && guestId !== undefined) yield { guestId, kind };
      }
    } catch (error) {
      rethrow(error);
    }
  }

  async list(signal?: AbortSignal): Promise<ObservedGuest[]> {
    const filters = { label: [`${INSTANCE_LABEL}=${this.#serviceId}`, GUEST_LABEL] };
    const containers = await this.#engine.containers
      .list({ all: true, filters, signal })
      .catch((error: unknown) => rethrow(error));
    return containers.map(({ State, Labels }) => ({
      guestId: Labels?.[GUEST_LABEL] ?? "",
      alive: State === "running" || State === "paused" || State === "created",
      paused: State === "paused",
    }));
  }

  async listTrials(signal?: AbortSignal): Promise<TrialGuest[]> {
    const filters = { label: [`${INSTANCE_LABEL}=${this.#serviceId}`, BUILD_LABEL] };
    const containers = await this.#engine.containers
      .list({ all: true, filters, signal })
      .catch((error: unknown) => rethrow(error));
    return containers.map(({ Names, Labels }) => ({
      guestId: (Names[0] ?? "").slice(`/${containerName("")}`.length),
      buildId: Labels?.[BUILD_LABEL] ?? "",
    }));
  }

  /** Whether a guest runs and is not frozen. */
  async #runs(guestId: string, signal?: AbortSignal): Promise<boolean> {
    const { State } = await this.#engine.containers
      .inspect(containerName(guestId), { signal })
      .catch((error: unknown) => rethrow(error, guestId));
    return State.Running && State.Paused !== true;
  }

  async #waitRemoved(name: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#engine.containers.wait(name, { condition: "removed", signal });
    } catch (error) {
      if (!(error instanceof EngineNotFoundError)) throw error;
    }
  }
}

/** The name is made from the id, so a guest is found without a record of its container, and cannot be made twice. */
export function containerName(guestId: string): string {
  return `nullspace-${guestId}`;
}

/**
 * The engine's errors as a driver of machines tells them.
 *
 * @param guestId the guest that had to run for the call; without it a container that is gone is not translated
 */
function rethrow(error: unknown, guestId?: string): never {
  if (isEngineAway(error)) throw engineUnavailable(error);
  if (guestId !== undefined && (error instanceof EngineNotFoundError || error instanceof EngineConflictError)) {
    throw new GuestNotRunningError(guestId, error);
  }
  throw error;
}
