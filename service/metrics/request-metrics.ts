import { Counter, Histogram, type Registry } from "prom-client";
import type { AnsweredRequest } from "../http/app.ts";
import type { MachineObserver } from "../fleet/machines/machine-observer.ts";

const REQUEST_SECONDS = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];
const CLAIM_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

/** Counts requests by route. @returns takes each as it is answered */
export function requestMetrics(registry: Registry): (request: AnsweredRequest) => void {
  const requests = new Histogram({
    name: "nullspace_http_request_duration_seconds",
    help: "Requests by the pattern of their route, and the time until their answer was complete; a log that is followed takes as long as its build",
    labelNames: ["route", "method", "status"],
    buckets: REQUEST_SECONDS,
    registers: [registry],
  });
  return ({ route = "none", method, status, tookMs }) => {
    // What a stranger asks for in a method of its own is one series, too.
    const labels = { route, method: route === "none" ? "any" : method, status: String(status) };
    requests.observe(labels, tookMs / 1_000);
  };
}

/** Counts requests for machines by how they ended. */
export function claimMetrics(registry: Registry): MachineObserver {
  const registers = [registry];
  const claims = new Counter({
    name: "nullspace_machine_claims_total",
    help: "Requests for machines: hit (a member of a pool), miss (a pool was asked and had none), cold (none was asked), refused, failed",
    labelNames: ["result"],
    registers,
  });
  const duration = new Histogram({
    name: "nullspace_machine_claim_duration_seconds",
    help: "Time until a request for a machine had one, or was refused, by result",
    labelNames: ["result"],
    buckets: CLAIM_SECONDS,
    registers,
  });
  for (const result of ["hit", "miss", "cold", "refused", "failed"]) claims.inc({ result }, 0);
  return {
    claimed(result, tookMs) {
      claims.inc({ result });
      duration.observe({ result }, tookMs / 1_000);
    },
  };
}
