import * as z from "zod";
import { isClusterAway, KubernetesError } from "./client/errors.ts";
import type { KubernetesClient } from "./client/kubernetes-client.ts";
import { unlessAborted } from "./client/unless-aborted.ts";
import { PODS, SANDBOXES, type GuestKind } from "./guest-kinds.ts";
import { isAllowed } from "./permissions.ts";
import type { PodSettings } from "./pod-object.ts";
import { INSTALL_SANDBOXES, SANDBOX_GROUP, SANDBOX_VERSION } from "./sandbox-api.ts";

/** What machines are to be: `auto` are Sandboxes where the cluster serves them and the account may make them, else pods. */
export type GuestPreference = NonNullable<PodSettings["guest"]>;

/** What machines are. */
export interface ChosenGuests {
  /** What new ones are made as. */
  readonly kind: GuestKind;
  /** Whether some may be Sandboxes. */
  readonly hasSandboxes: boolean;
  /** Why it is not what was asked for, or what `auto` would rather have: for the log, or for whoever refuses to begin. */
  readonly problem?: string | undefined;
}

/** What a service does with Sandboxes. */
export const SANDBOX_VERBS = ["create", "delete", "get", "list", "patch", "watch"];

const ResourceList = z.looseObject({ resources: z.array(z.looseObject({ name: z.string() })) });

/** Bare pods, whatever the cluster has. */
export const ONLY_PODS: Pick<GuestChoice, "get"> = {
  get: async () => ({ kind: PODS, hasSandboxes: false }),
};

/** Finds out what the machines of a cluster are: once, as soon as the cluster answers. */
export class GuestChoice {
  readonly #client: KubernetesClient;
  readonly #namespace: string;
  readonly #preference: GuestPreference;
  #chosen: ChosenGuests | undefined;
  #choosing: Promise<ChosenGuests> | undefined;

  constructor(client: KubernetesClient, namespace: string, preference: GuestPreference) {
    this.#client = client;
    this.#namespace = namespace;
    this.#preference = preference;
  }

  /** @throws the client's errors; the signal's reason */
  async get(signal?: AbortSignal): Promise<ChosenGuests> {
    if (this.#chosen !== undefined) return this.#chosen;
    signal?.throwIfAborted();
    // Asked for once, for all who wait: nobody's signal ends it for the others.
    this.#choosing ??= this.#choose().finally(() => (this.#choosing = undefined));
    return signal === undefined ? this.#choosing : unlessAborted(this.#choosing, signal, () => undefined);
  }

  async #choose(): Promise<ChosenGuests> {
    const preference = this.#preference;
    if (!(await this.#isServed())) {
      if (preference !== "sandbox") return (this.#chosen = { kind: PODS, hasSandboxes: false });
      const problem = `The cluster ${this.#client.access.name} has no Sandboxes. ${INSTALL_SANDBOXES}`;
      return (this.#chosen = { kind: SANDBOXES, hasSandboxes: true, problem });
    }
    const missing = await this.#missingVerbs();
    const problem = missing.length === 0 ? undefined : this.#missingWords(missing);
    if (preference === "sandbox") this.#chosen = { kind: SANDBOXES, hasSandboxes: true, problem };
    else if (preference === "auto" && problem === undefined) this.#chosen = { kind: SANDBOXES, hasSandboxes: true };
    else this.#chosen = { kind: PODS, hasSandboxes: problem === undefined, ...(preference === "auto" && { problem }) };
    return this.#chosen;
  }

  async #isServed(): Promise<boolean> {
    try {
      const path = `/apis/${SANDBOX_GROUP}/${SANDBOX_VERSION}`;
      const { resources } = await this.#client.json({ method: "GET", path }, ResourceList);
      return resources.some(({ name }) => name === SANDBOXES.resource);
    } catch (error) {
      if (error instanceof KubernetesError && !isClusterAway(error)) return false;
      throw error;
    }
  }

  async #missingVerbs(): Promise<string[]> {
    const { group, resource } = SANDBOXES;
    const asked = { namespace: this.#namespace, group, resource };
    const allowed = await Promise.all(SANDBOX_VERBS.map((verb) => isAllowed(this.#client, { ...asked, verb })));
    return SANDBOX_VERBS.filter((_, index) => allowed[index] !== true);
  }

  #missingWords(verbs: readonly string[]): string {
    const { resource, group } = SANDBOXES;
    return (
      `The account of the service may not ${verbs.join(", ")} ${resource}.${group} in the namespace ` +
      `"${this.#namespace}". Give it these permissions (docs/kubernetes.md lists them all).`
    );
  }
}
