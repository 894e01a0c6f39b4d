import {
  EngineConnectionLostError,
  EngineError,
  EngineUnreachableError,
  type DockerEngine,
} from "pulumi-nullspace/docker";
import type { HostSize } from "../../fleet/guests/machine-driver.ts";

const MIB = 1024 * 1024;

/** What the engine's host has; `undefined` while the engine is away: whatever needs it then says so itself. */
export async function engineHostSize(engine: DockerEngine, signal?: AbortSignal): Promise<HostSize | undefined> {
  try {
    const { NCPU, MemTotal } = await engine.info({ signal });
    return MemTotal > 0 ? { vcpus: NCPU, memoryMb: Math.floor(MemTotal / MIB) } : undefined;
  } catch (error) {
    const isAway =
      error instanceof EngineUnreachableError ||
      error instanceof EngineConnectionLostError ||
      error instanceof EngineError;
    if (!isAway) throw error;
    return undefined;
  }
}
