import { EngineConflictError, EngineNotFoundError, type DockerEngine } from "pulumi-nullspace/docker";
import type { Logger } from "pino";
import type { Readiness } from "pulumi-nullspace/sdk";
import { INSTANCE_LABEL } from "../service-deps.ts";
import { startMachineContainer } from "./container.ts";
import { DiskLimit } from "./disk-limit.ts";
import { MachineExitedError } from "./errors.ts";
import { readLogTail } from "./log-tail.ts";
import type {
  GuestCommand,
  GuestCommandResult,
  GuestHealth,
  GuestSpec,
  MachineDriver,
  ObservedGuest,
} from "./machine-driver.ts";
import { tryProbe } from "./probe.ts";
import { waitUntilReady, type ReadinessOptions } from "./readiness.ts";

/** Label of the container of a guest: its id. */
export const GUEST_LABEL = "dev.nullspace.local.guest";
/** Label of a container that was made for a pool. */
export const POOL_LABEL = "dev.nullspace.local.pool";
/** Label of a container that was made for a machine. (One that a checkout handed out has none: labels are for ever.) */
export const MACHINE_LABEL = "dev.nullspace.local.machine";

/** A server that accepts and does not answer for so long is not one to hand out. */
const LOOK_TIMEOUT_MS = 2_000;

/** Of each stream of a command this much is answered; the rest is dropped. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** Containers of Docker Engine. */
export class DockerMachineDriver implements MachineDriver {
  readonly #engine: DockerEngine;
  readonly #serviceId: string;
  readonly #disk: DiskLimit;

  /** @param serviceId the label value that tells this service's containers from those of others */
  constructor(engine: DockerEngine, serviceId: string, log?: Logger) {
    this.#engine = engine;
    this.#serviceId = serviceId;
    this.#disk = new DiskLimit(engine, log);
  }

  async start(spec: GuestSpec, signal?: AbortSignal): Promise<void> {
    const options = {
      serviceId: this.#serviceId,
      name: containerName(spec.guestId),
      labels: {
        [GUEST_LABEL]: spec.guestId,
        ...(spec.poolId !== undefined && { [POOL_LABEL]: spec.poolId }),
        ...(spec.machineId !== undefined && { [MACHINE_LABEL]: spec.machineId }),
      },
      vcpus: spec.vcpus,
      memoryMb: spec.memoryMb,
      internetAccess: spec.internetAccess,
      ...(signal && { signal }),
    };
    const start = (diskMb: number | undefined) =>
      startMachineContainer(this.#engine, spec.artifact, { ...options, ...(diskMb !== undefined && { diskMb }) });
    await this.#disk.apply(spec.diskMb, start, signal);
  }

  waitUntilReady(guestId: string, readiness: Readiness | undefined, options: ReadinessOptions): Promise<void> {
    return waitUntilReady(this.#engine, containerName(guestId), readiness, options);
  }

  async exec(guestId: string, command: GuestCommand): Promise<GuestCommandResult> {
    return this.#engine.containers.exec(containerName(guestId), {
      cmd: [...command.argv],
      env: { ...command.env },
      stdin: command.stdin,
      timeoutMs: command.timeoutMs,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      signal: command.signal,
    });
  }

  async look(guestId: string, readiness: Readiness | undefined, signal: AbortSignal): Promise<GuestHealth> {
    const containerId = containerName(guestId);
    try {
      const { State } = await this.#engine.containers.inspect(containerId, { signal });
      if (!State.Running) return { ok: false, reason: `its main process ended with exit code ${State.ExitCode}` };
      // With the engine it runs all the same.
      if (State.Paused === true) return { ok: false, reason: "it is paused" };
    } catch (error) {
      if (error instanceof EngineNotFoundError) return { ok: false, reason: "its container is gone" };
      throw error;
    }
    if (readiness === undefined || readiness.kind === "timeout") return { ok: true };
    return tryProbe(readiness, { engine: this.#engine, containerId, timeoutMs: LOOK_TIMEOUT_MS, signal });
  }

  async explainDeath(guestId: string, signal?: AbortSignal): Promise<string> {
    const name = containerName(guestId);
    try {
      const { State } = await this.#engine.containers.inspect(name, { signal });
      const logTail = await readLogTail(this.#engine, name, signal);
      return new MachineExitedError({ exitCode: State.ExitCode, outOfMemory: State.OOMKilled === true, logTail })
        .message;
    } catch (error) {
      if (error instanceof EngineNotFoundError) return "Its container was removed from the engine by someone else.";
      throw error;
    }
  }

  async pause(guestId: string, signal?: AbortSignal): Promise<void> {
    await this.#engine.containers.pause(containerName(guestId), { signal });
  }

  async resume(guestId: string, signal?: AbortSignal): Promise<void> {
    await this.#engine.containers.unpause(containerName(guestId), { signal });
  }

  async remove(guestId: string, signal?: AbortSignal): Promise<void> {
    const name = containerName(guestId);
    try {
      await this.#engine.containers.remove(name, { force: true, volumes: true, signal });
    } catch (error) {
      if (error instanceof EngineNotFoundError) return;
      // 409: "removal is already in progress", from a call whose answer was lost.
      if (error instanceof EngineConflictError) return this.#waitRemoved(name, signal);
      throw error;
    }
  }

  async list(signal?: AbortSignal): Promise<ObservedGuest[]> {
    const containers = await this.#engine.containers.list({
      all: true,
      filters: { label: [`${INSTANCE_LABEL}=${this.#serviceId}`, GUEST_LABEL] },
      signal,
    });
    return containers.map(({ State, Labels }) => ({
      guestId: Labels?.[GUEST_LABEL] ?? "",
      alive: State === "running" || State === "paused" || State === "created",
      paused: State === "paused",
    }));
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
