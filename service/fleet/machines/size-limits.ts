import type { Logger } from "pino";
import type { HostSize, MachineDriver } from "../guests/machine-driver.ts";
import { InvalidRequestError } from "../../errors.ts";

/** Size of a machine, as far as it was asked for. */
export interface WantedSize {
  readonly vcpus?: number | undefined;
  readonly memoryMb?: number | undefined;
  readonly diskMb?: number | undefined;
}

/** The size in a request. */
export function sizeOf(asked: {
  vcpus?: number | undefined;
  memory_mb?: number | undefined;
  disk_mb?: number | null | undefined;
}): WantedSize {
  return { vcpus: asked.vcpus, memoryMb: asked.memory_mb, diskMb: asked.disk_mb ?? undefined };
}

/**
 * Most CPUs of a machine where machines share them and the host has fewer, so that a template made for a server runs on a
 * laptop, more slowly; also where the host does not say what it has. Memory cannot be shared like that, so its bound is
 * the host's.
 */
const MAX_VCPUS = 64;

/** Most memory and disk where the host does not say what it has: what no host has. */
const MAX_MEMORY_MB = 16 * 1024 * 1024;
const MAX_DISK_MB = 64 * 1024 * 1024;

/** What the bounds ask of a driver. */
export type SizedDriver = Pick<MachineDriver, "hostSize" | "capabilities">;

/** Bounds on the size of machines: those of their host, which is asked for them once, as are the hosts of each placement. */
export class SizeLimits {
  readonly #driver: SizedDriver;
  readonly #log: Pick<Logger, "warn">;
  readonly #hosts = new Map<string | undefined, HostSize>();

  /** @param log is told, once, what the host cannot bound */
  constructor(driver: SizedDriver, log: Pick<Logger, "warn">) {
    this.#driver = driver;
    this.#log = log;
  }

  /**
   * @param placement that the machine is to have. @default that of the service
   * @throws InvalidRequestError naming what is more than a machine can have here
   */
  async check(size: WantedSize, signal?: AbortSignal, placement?: string): Promise<void> {
    const { vcpus = 1, memoryMb = 1, diskMb = 1 } = size;
    const host = await this.#askHost(signal, placement);
    const { sharesCpus } = { ...this.#driver.capabilities, ...host };
    const mostVcpus = host === undefined ? MAX_VCPUS : Math.max(sharesCpus ? MAX_VCPUS : 0, host.vcpus);
    if (vcpus > mostVcpus) throw tooLarge("vcpus", vcpus, mostVcpus, "CPUs");
    const mostMemoryMb = host?.memoryMb ?? MAX_MEMORY_MB;
    if (memoryMb > mostMemoryMb) throw tooLarge("memory", memoryMb, mostMemoryMb, "MiB");
    if (diskMb > MAX_DISK_MB) throw tooLarge("disk", diskMb, MAX_DISK_MB, "MiB");
  }

  async #askHost(signal: AbortSignal | undefined, placement: string | undefined): Promise<HostSize | undefined> {
    const known = this.#hosts.get(placement);
    if (known !== undefined) return known;
    const host = await this.#driver.hostSize(signal, placement);
    if (host === undefined || this.#hosts.has(placement)) return host;
    if (host.unbounded.length > 0) {
      this.#log.warn(`machines here are not limited in their ${host.unbounded.join(", ")}: the host cannot do it`);
    }
    this.#hosts.set(placement, host);
    return host;
  }
}

function tooLarge(what: string, wanted: number, most: number, unit: string): InvalidRequestError {
  return new InvalidRequestError(`${what}: ${wanted} ${unit} are more than a machine can have here, ${most} ${unit}.`, {
    suggestedAction: "Ask for less, or run the service on a larger host.",
    details: { limit: most },
  });
}
