import type { HostSize } from "../guests/machine-driver.ts";
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
 * Most CPUs of a machine where the host has fewer: CPU time is shared, so that a template made for a server runs on a
 * laptop, more slowly. Memory cannot be shared like that, so its bound is the host's.
 */
const MAX_VCPUS = 64;

/** Most memory and disk where the engine does not say what it has: what no host has. */
const MAX_MEMORY_MB = 16 * 1024 * 1024;
const MAX_DISK_MB = 64 * 1024 * 1024;

/** Asks the host of the machines for its size; `undefined` while it does not say. */
export type AskHostSize = (signal?: AbortSignal) => Promise<HostSize | undefined>;

/** Bounds on the size of machines: those of the engine's host, which are asked for once. */
export class SizeLimits {
  readonly #ask: AskHostSize;
  #host: HostSize | undefined;

  constructor(ask: AskHostSize) {
    this.#ask = ask;
  }

  /** @throws InvalidRequestError naming what is more than a machine can have here */
  async check({ vcpus = 1, memoryMb = 1, diskMb = 1 }: WantedSize, signal?: AbortSignal): Promise<void> {
    const host = (this.#host ??= await this.#ask(signal));
    const mostVcpus = Math.max(MAX_VCPUS, host?.vcpus ?? 0);
    if (vcpus > mostVcpus) throw tooLarge("vcpus", vcpus, mostVcpus, "CPUs");
    const mostMemoryMb = host?.memoryMb ?? MAX_MEMORY_MB;
    if (memoryMb > mostMemoryMb) throw tooLarge("memory", memoryMb, mostMemoryMb, "MiB");
    if (diskMb > MAX_DISK_MB) throw tooLarge("disk", diskMb, MAX_DISK_MB, "MiB");
  }
}

function tooLarge(what: string, wanted: number, most: number, unit: string): InvalidRequestError {
  return new InvalidRequestError(`${what}: ${wanted} ${unit} are more than a machine can have here, ${most} ${unit}.`, {
    suggestedAction: "Ask for less, or run the service on a larger host.",
    details: { limit: most },
  });
}
