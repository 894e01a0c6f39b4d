import { Backoff, pauseUnless } from "pulumi-nullspace/concurrency";
import { PLACEMENT_LABEL } from "../../labels.ts";
import { KubernetesError } from "./client/errors.ts";
import { probeIsolation, type IsolationOutcome, type ProbePlace } from "./isolation-probe.ts";
import { applyPolicies, removeUnusedPolicies, type PolicyPlace } from "./network-policies.ts";

/** What was found holds so long: a network may be changed under a service that runs on. */
const PROBE_EVERY_MS = 60 * 60_000;
/** What could not be found out is tried again after a while. */
const RETRY_MS = { first: 30_000, most: 10 * 60_000 };

/** What keeps machines apart. */
export interface IsolationPlace extends ProbePlace {
  /** Ranges that machines may reach beside the internet. @default none */
  readonly allowedEgress?: readonly string[] | undefined;
  /** Is told what came of each try. @default nobody is */
  readonly onOutcome?: ((outcome: IsolationOutcome) => void) | undefined;
}

/** The policies that keep machines apart, and what is known of whether they are enforced. */
export class Isolation {
  readonly #place: IsolationPlace;
  #applied: Promise<void> | undefined;
  #outcome: IsolationOutcome = { state: "unproven", reason: "it has not been tried yet" };

  constructor(place: IsolationPlace) {
    this.#place = place;
  }

  get outcome(): IsolationOutcome {
    return this.#outcome;
  }

  /** Why no machine can be without internet access; `undefined` when one can. */
  get problem(): string | undefined {
    return this.#outcome.state === "enforced" ? undefined : this.#outcome.reason;
  }

  /** Tries it again and again until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(RETRY_MS);
    let waitMs: number;
    do {
      await this.probe(signal);
      if (this.#outcome.state === "unproven") waitMs = backoff.next();
      else {
        backoff.reset();
        waitMs = PROBE_EVERY_MS;
      }
    } while (await pauseUnless(waitMs, signal));
  }

  /** Puts the policies right, and finds out whether they are enforced. It never throws. */
  async probe(signal: AbortSignal): Promise<IsolationOutcome> {
    try {
      await this.#apply();
      await this.#sweep(signal);
      this.#outcome = await probeIsolation(this.#place, signal);
    } catch (error) {
      // One who cannot be asked now says nothing against what was proved before.
      if (this.#outcome.state !== "enforced" || isForbidden(error)) {
        this.#outcome = { state: "unproven", reason: reasonOf(error) };
      }
    }
    if (!signal.aborted) this.#place.onOutcome?.(this.#outcome);
    return this.#outcome;
  }

  /** Sees to it that the policies are there before the first machine is. @throws the client's errors */
  async ensurePolicies(): Promise<void> {
    try {
      await (this.#applied ?? this.#apply());
    } catch (error) {
      // It says so where it says whether they are enforced; machines with internet access were never promised more.
      if (!isForbidden(error)) throw error;
    }
  }

  get #policies(): PolicyPlace {
    const { client, settings, allowedEgress = [] } = this.#place;
    const { namespace, instanceId, placements } = settings;
    return { client, namespace, instanceId, allowedEgress, placements };
  }

  /** A policy too many allows a machine nothing that it was not allowed before: one that cannot be removed is, the next time. */
  async #sweep(signal: AbortSignal): Promise<void> {
    const { pods } = this.#place;
    const hasMachines = async (placement: string) =>
      (await pods.list(`${PLACEMENT_LABEL}=${placement}`, signal)).length > 0;
    try {
      await removeUnusedPolicies(this.#policies, hasMachines, signal);
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
    }
  }

  #apply(): Promise<void> {
    const applied = applyPolicies(this.#policies);
    this.#applied = applied;
    applied.catch((error: unknown) => {
      if (this.#applied === applied && !isForbidden(error)) this.#applied = undefined;
    });
    return applied;
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof KubernetesError && error.status === 403;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof KubernetesError)) return "the cluster did not answer while it was tried";
  if (error.status === 403) return `the service may not do what it takes (see docs/kubernetes.md): ${error.said}`;
  return error.said;
}
