import {
  EngineConflictError,
  EngineError,
  EngineNotFoundError,
  type ContainerConfig,
  type DockerEngine,
} from "pulumi-nullspace/docker";
import { INSTANCE_LABEL, TEMPLATE_LABEL } from "../../labels.ts";
import type { MachineArtifact } from "../../fleet/guests/machine-driver.ts";
import { MachineExitedError, MachineImageMissingError, MachineRefusedError } from "../../fleet/guests/driver-errors.ts";
import { CAPABILITIES, mainCommand } from "../main-command.ts";
import { readLogTail } from "./log-tail.ts";
import { MACHINE_NETWORK, type MachineNetwork } from "./network.ts";

/** How to start the container of a machine. */
export interface MachineContainerOptions {
  /** Id of the service: tells its containers from those of another one on the same engine. */
  readonly serviceId: string;
  /** Name of the container. A container of this name that is ours is taken up again instead of a second one. */
  readonly name: string;
  /** Further labels. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly vcpus: number;
  readonly memoryMb: number;
  /** Limit of what it writes into its root file system, where the engine can hold it. */
  readonly diskMb?: number;
  /** The network that it is on; absent: none but loopback. */
  readonly network?: MachineNetwork | undefined;
  readonly signal?: AbortSignal;
}

/** A machine that forks without end ends there, and not the host. */
const MAX_PROCESSES = 4096;

/** The engine keeps this much of what a main process writes. */
const LOG_LIMITS = { "max-size": "10m", "max-file": "1" };

/**
 * Makes and starts the container of a machine. Safe to repeat: a container of the same name that this service made is
 * started, not made again, so a crash between the two leaves no second one.
 *
 * CPU is bounded by a quota, not by Docker's `NanoCpus`: the engine refuses more of those than the host has, and a
 * template that asks for 4 should run, more slowly, on a laptop with 2. Memory is without swap. Disk is bounded where the
 * engine can; whoever asks for a bound has found out (see `disk-limit.ts`).
 *
 * @returns the container's id
 * @throws MachineImageMissingError, MachineRefusedError, MachineExitedError for one that ended since it was made;
 *   engine errors when the engine is away
 */
export async function startMachineContainer(
  engine: DockerEngine,
  artifact: MachineArtifact,
  options: MachineContainerOptions,
): Promise<string> {
  const { network, signal } = options;
  const id = await makeOrFind(engine, artifact, options);
  const start = () => engine.containers.start(id, { signal });
  try {
    await (network === undefined ? start() : network.with(start, signal));
  } catch (error) {
    if (error instanceof EngineError) throw refused(error);
    throw error;
  }
  return id;
}

async function makeOrFind(
  engine: DockerEngine,
  artifact: MachineArtifact,
  options: MachineContainerOptions,
): Promise<string> {
  const { name, serviceId, signal } = options;
  try {
    return (await engine.containers.create(containerConfig(artifact, options), { name, ...(signal && { signal }) })).id;
  } catch (error) {
    if (error instanceof EngineNotFoundError) {
      throw new MachineImageMissingError(artifact.templateId, artifact.imageId, error);
    }
    if (error instanceof EngineConflictError) {
      return takeUp(engine, name, serviceId, signal);
    }
    if (error instanceof EngineError) throw refused(error);
    throw error;
  }
}

/**
 * A container that an earlier try made. One that was never started or still runs goes on; one that ran and ended is not
 * started a second time, because what its first life left on disk is in it.
 */
async function takeUp(engine: DockerEngine, name: string, serviceId: string, signal?: AbortSignal): Promise<string> {
  const { Id, State, Config } = await engine.containers.inspect(name, { signal });
  if (Config.Labels?.[INSTANCE_LABEL] !== serviceId) {
    throw new MachineRefusedError(`a container called ${name} exists that this service did not make`, {
      isImpossible: false,
      mayPass: false,
    });
  }
  if (State.Running || State.Status === "created") return Id;
  const logTail = await readLogTail(engine, Id, signal);
  throw new MachineExitedError({ exitCode: State.ExitCode, outOfMemory: State.OOMKilled === true, logTail });
}

function containerConfig(artifact: MachineArtifact, options: MachineContainerOptions): ContainerConfig {
  const memoryBytes = options.memoryMb * 1024 * 1024;
  return {
    Image: artifact.imageId,
    Entrypoint: ["sh", "-c"],
    Cmd: [mainCommand(artifact)],
    Env: Object.entries(artifact.env).map(([key, value]) => `${key}=${value}`),
    ...(artifact.user !== undefined && { User: artifact.user }),
    ...(artifact.workdir !== undefined && { WorkingDir: artifact.workdir }),
    // The template's own readiness check decides; the image's would only cost processes.
    Healthcheck: { Test: ["NONE"] },
    Labels: { ...options.labels, [INSTANCE_LABEL]: options.serviceId, [TEMPLATE_LABEL]: artifact.templateId },
    HostConfig: {
      Init: true,
      CpuPeriod: 100_000,
      CpuQuota: options.vcpus * 100_000,
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      PidsLimit: MAX_PROCESSES,
      LogConfig: { Type: "json-file", Config: LOG_LIMITS },
      CapDrop: ["ALL"],
      CapAdd: CAPABILITIES,
      SecurityOpt: ["no-new-privileges"],
      ...(options.diskMb !== undefined && { StorageOpt: { size: `${options.diskMb}M` } }),
      NetworkMode: options.network === undefined ? "none" : MACHINE_NETWORK,
    },
  };
}

/** The engine calls impossible with 400 what it could never start. */
function refused(error: EngineError): MachineRefusedError {
  return new MachineRefusedError(error.engineMessage, {
    isImpossible: error.status === 400,
    mayPass: error.status >= 500,
    cause: error,
  });
}
