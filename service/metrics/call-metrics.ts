import { Histogram, type Registry } from "prom-client";
import type { CallObserver } from "../observed-calls.ts";
import { EngineUnavailableError, ServiceError } from "../errors.ts";

/** From a look at a container to the pull of an image. */
const SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300];

/** Counts and times the calls that the service makes to what builds, keeps images and runs machines. */
export function callMetrics(registry: Registry): CallObserver {
  const calls = new Histogram({
    name: "nullspace_engine_call_duration_seconds",
    help: "Calls to the engine by kind and result, and how long they took",
    labelNames: ["kind", "result"],
    buckets: SECONDS,
    registers: [registry],
  });
  return {
    async observe(kind, call) {
      const startMs = performance.now();
      let result = "ok";
      try {
        return await call();
      } catch (error) {
        result = resultOf(error);
        throw error;
      } finally {
        calls.observe({ kind, result }, (performance.now() - startMs) / 1_000);
      }
    },
  };
}

/** `unavailable`: the engine did not answer; `aborted`: nobody wanted the answer any more; `refused`: it said no; else `error`. */
function resultOf(error: unknown): string {
  if (error instanceof EngineUnavailableError) return "unavailable";
  if (error instanceof ServiceError && error.status < 500) return "refused";
  if (error instanceof Error && error.name === "AbortError") return "aborted";
  return "error";
}
