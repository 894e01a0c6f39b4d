import { answerTimeout } from "pulumi-nullspace/concurrency";
import { EngineError, isEngineAway, type DockerEngine, type EngineInfo } from "pulumi-nullspace/docker";
import type { HostSize } from "../../fleet/guests/machine-driver.ts";

const MIB = 1024 * 1024;

/** A request waits no longer for a bound on its size: engines under load take their time for this answer. */
const ASK_MS = 2_000;

/** What the engine's host has; `undefined` while the engine does not say: whatever needs it then says so itself. */
export async function engineHostSize(engine: DockerEngine, signal?: AbortSignal): Promise<HostSize | undefined> {
  using timeout = answerTimeout(ASK_MS);
  const late = timeout.signal;
  try {
    const info = await engine.info({ signal: signal ? AbortSignal.any([signal, late]) : late });
    const { NCPU, MemTotal } = info;
    return MemTotal > 0
      ? { vcpus: NCPU, memoryMb: Math.floor(MemTotal / MIB), unbounded: unboundedBy(info) }
      : undefined;
  } catch (error) {
    if (!isEngineAway(error) && !(error instanceof EngineError) && !late.aborted) throw error;
    signal?.throwIfAborted();
    return undefined;
  }
}

/** What an engine says that it cannot bound; one that says nothing about it bounds everything. */
export function unboundedBy(info: EngineInfo): HostSize["unbounded"] {
  return [
    ...(info.MemoryLimit === false ? (["memory"] as const) : []),
    ...(info.CpuCfsQuota === false ? (["CPU time"] as const) : []),
    ...(info.PidsLimit === false ? (["processes"] as const) : []),
  ];
}
