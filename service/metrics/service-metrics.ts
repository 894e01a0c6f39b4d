import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { BuildObserver } from "../builds/build-observer.ts";
import type { AnsweredRequest } from "../http/app.ts";
import type { MachineObserver } from "../fleet/machines/machine-observer.ts";
import type { CallObserver } from "../observed-calls.ts";
import { buildMetrics } from "./build-metrics.ts";
import { callMetrics } from "./call-metrics.ts";
import type { NativeObserver } from "../fleet/pools/native/native-observer.ts";
import { nativeFailures, registerNativeGauges, type NativeSource } from "./native-metrics.ts";
import { claimMetrics, requestMetrics } from "./request-metrics.ts";
import { registerStateGauges, type StateSource } from "./state-gauges.ts";

/** The library's gauges whose names are those of counters, which `promtool check metrics` refuses; each has its parts elsewhere. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** The figures of one service in Prometheus' text form. What happens is counted; what is, is read when somebody asks. */
export class ServiceMetrics {
  readonly builds: BuildObserver;
  readonly machines: MachineObserver;
  readonly calls: CallObserver;
  readonly native: NativeObserver;
  readonly onRequest: (request: AnsweredRequest) => void;
  readonly #registry = new Registry();
  #scrape: Promise<string> | undefined;

  /** @param version of the service */
  constructor(version: string) {
    this.builds = buildMetrics(this.#registry);
    this.machines = claimMetrics(this.#registry);
    this.calls = callMetrics(this.#registry);
    this.native = nativeFailures(this.#registry);
    this.onRequest = requestMetrics(this.#registry);
    const info = new Gauge({
      name: "nullspace_service_info",
      help: "Always 1; the version is in the label",
      labelNames: ["version"],
      registers: [this.#registry],
    });
    info.set({ version }, 1);
  }

  /** Begins to tell what is, too: call it once, when the store is open. */
  readState(source: StateSource): void {
    registerStateGauges(this.#registry, source);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  /** Begins to tell what is kept for other programs, too: call it once, where there may be such. */
  readNative(source: NativeSource): void {
    registerNativeGauges(this.#registry, source);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures as they are now. Who asks while they are read gets the same. */
  scrape(): Promise<string> {
    this.#scrape ??= this.#registry.metrics().finally(() => (this.#scrape = undefined));
    return this.#scrape;
  }
}
