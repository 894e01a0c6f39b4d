import type { Logger } from "pino";
import { answerTimeout } from "pulumi-nullspace/concurrency";
import type { ServiceReadiness } from "pulumi-nullspace/wire";
import { asError } from "../errors.ts";
import { NotHealthyError, type HealthCheck } from "./health-check.ts";

/** A look that takes longer has failed. Whoever asks (a load balancer, an orchestrator) waits a few seconds at most. */
const LOOK_MS = 3_000;

/** How one thing that the service needs is. */
export type CheckOutcome = ServiceReadiness["checks"]["store"];

/** How everything that the service needs is. */
export interface HealthReport {
  readonly isReady: boolean;
  readonly checks: ServiceReadiness["checks"];
}

/** Looks at what the service needs. Whoever asks while a look is under way gets its outcome: anybody may ask. */
export class ServiceHealth {
  readonly #checks: readonly HealthCheck[];
  readonly #log: Logger;
  readonly #lookMs: number;
  #look: Promise<HealthReport> | undefined;
  /** What failed at the last look: the log tells of changes alone. */
  #failing = "";

  /** @param lookMs how long a look may take. Default 3 s */
  constructor(checks: readonly HealthCheck[], log: Logger, lookMs: number = LOOK_MS) {
    this.#checks = checks;
    this.#log = log;
    this.#lookMs = lookMs;
  }

  /** Never fails, and takes no longer than its time. */
  look(): Promise<HealthReport> {
    this.#look ??= this.#lookAtAll().finally(() => (this.#look = undefined));
    return this.#look;
  }

  async #lookAtAll(): Promise<HealthReport> {
    const outcomes = await Promise.all(
      this.#checks.map(async (check) => ({ check, ...(await outcomeOf(check, this.#lookMs)) })),
    );
    const failed = outcomes.filter(({ status }) => status === "fail");
    const names = failed.map(({ check }) => check.name).join();
    if (names !== this.#failing) {
      this.#failing = names;
      for (const { check, cause } of failed)
        this.#log.warn({ check: check.name, err: cause }, "the service is not ready");
      if (failed.length === 0) this.#log.info("the service is ready again");
    }
    const entries = outcomes.map(({ check, status, message }) => [check.name, { status, message }]);
    return {
      isReady: failed.length === 0,
      checks: Object.fromEntries(entries) as unknown as HealthReport["checks"],
    };
  }
}

async function outcomeOf(check: HealthCheck, lookMs: number): Promise<CheckOutcome & { cause?: Error }> {
  using timeout = answerTimeout(lookMs);
  const { signal } = timeout;
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  try {
    return { status: "ok", message: await Promise.race([check.look(signal), late]) };
  } catch (thrown) {
    const cause = asError(thrown);
    if (signal.aborted) return { status: "fail", message: `No answer within ${lookMs / 1_000} s.`, cause };
    const message = cause instanceof NotHealthyError ? cause.message : check.failure;
    return { status: "fail", message, cause };
  }
}
