import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import {
  CURRENT_LABEL,
  GENERATION_LABEL,
  NATIVE_LABEL,
} from "../../../service/drivers/kubernetes/native-pools/native-api.ts";
import { INSTANCE_LABEL } from "../../../service/labels.ts";
import type { Cluster } from "../cluster/cluster.ts";

const EXTENSIONS = "/apis/extensions.agents.x-k8s.io/v1beta1/namespaces/default";
const SANDBOXES = "/apis/agents.x-k8s.io/v1beta1/namespaces/default/sandboxes";
const soon = { timeout: 90_000, interval: 100 };

/** An object of these kinds as the API shows it. */
interface Seen {
  metadata: {
    name: string;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
    ownerReferences?: { kind: string; name: string }[];
  };
  spec: Record<string, unknown>;
  status?: {
    replicas?: number;
    readyReplicas?: number;
    phase?: string;
    sandbox?: { name?: string };
    conditions?: { type: string; status: string }[];
  };
}

/** A claim of another program, as its manifest has it. */
export function claimOf(name: string, warmPool: string): object {
  return {
    apiVersion: "extensions.agents.x-k8s.io/v1beta1",
    kind: "SandboxClaim",
    metadata: { name, namespace: "default" },
    spec: { warmPoolRef: { name: warmPool } },
  };
}

/** What a service keeps for other programs, and what these do with it, by the API server alone. */
export class NativeView {
  readonly #cluster: Cluster;
  readonly #instanceId: string;
  readonly #claims = new Set<string>();

  constructor(cluster: Cluster, instanceId: string) {
    this.#cluster = cluster;
    this.#instanceId = instanceId;
  }

  async warmPools(): Promise<Seen[]> {
    const found = await this.#own(`${EXTENSIONS}/sandboxwarmpools`);
    return found.toSorted((a, b) => generationOf(a) - generationOf(b));
  }

  async templates(): Promise<Seen[]> {
    return this.#own(`${EXTENSIONS}/sandboxtemplates`);
  }

  /** Of each generation: its number, how many members it should have, and how many are ready. */
  async counts(): Promise<[generation: number, replicas: number, ready: number][]> {
    return (await this.warmPools()).map((each) => [
      generationOf(each),
      Number(each.spec.replicas),
      each.status?.readyReplicas ?? 0,
    ]);
  }

  async currentNames(): Promise<string[]> {
    const current = (await this.warmPools()).filter(({ metadata }) => metadata.labels?.[CURRENT_LABEL] === "true");
    return current.map(({ metadata }) => metadata.name);
  }

  /** The one warm pool that is to be claimed from. */
  async currentName(): Promise<string> {
    const names = await this.currentNames();
    expect(names).toHaveLength(1);
    return names[0]!;
  }

  /** Sandboxes that nobody has claimed. */
  async memberNames(): Promise<string[]> {
    const pools = (await this.warmPools()).map(({ metadata }) => metadata.name);
    const { items } = (await this.#cluster.api.get(SANDBOXES)) as { items: Seen[] };
    const isMember = ({ metadata }: Seen) =>
      metadata.deletionTimestamp === undefined &&
      metadata.ownerReferences?.some(({ kind, name }) => kind === "SandboxWarmPool" && pools.includes(name));
    return items
      .filter(isMember)
      .map(({ metadata }) => metadata.name)
      .toSorted();
  }

  /** Pods of members, claimed or not. */
  async podNames(): Promise<string[]> {
    return (await this.#pods()).map(({ metadata }) => metadata.name);
  }

  /** Images of the pods that nobody has claimed. */
  async images(): Promise<string[]> {
    const members = await this.memberNames();
    const pods = (await this.#pods()).filter(({ metadata }) => members.includes(metadata.name));
    return [...new Set(pods.map(({ spec }) => (spec.containers as { image: string }[])[0]!.image))];
  }

  async podRuns(name: string): Promise<boolean> {
    const pod = (await this.#pods()).find(({ metadata }) => metadata.name === name);
    return pod?.status?.phase === "Running";
  }

  /** Claims, and waits for a Sandbox that is ready. */
  async claim(name: string, warmPool: string): Promise<{ name: string; launchType: string | undefined }> {
    this.#claims.add(name);
    await this.#cluster.api.create(`${EXTENSIONS}/sandboxclaims`, claimOf(name, warmPool));
    await expect.poll(() => this.#isReady(name), soon).toBe(true);
    const sandbox = await this.sandboxOf(name);
    const { metadata } = (await this.#cluster.api.get(`${SANDBOXES}/${sandbox}`)) as Seen;
    return { name: sandbox, launchType: metadata.labels?.["agents.x-k8s.io/launch-type"] };
  }

  /** The Sandbox that a claim has. */
  async sandboxOf(claim: string): Promise<string> {
    const { status } = (await this.#cluster.api.get(`${EXTENSIONS}/sandboxclaims/${claim}`)) as Seen;
    return status?.sandbox?.name ?? "";
  }

  async release(name: string): Promise<void> {
    await this.kubectl(["delete", "sandboxclaim", name, "--ignore-not-found"]);
    this.#claims.delete(name);
  }

  /** Looks again and again: the most members that there were to be at a time, and the fewest that were ready. */
  watchMost(): () => Promise<{ replicas: number; leastReady: number }> {
    const seen = { replicas: 0, leastReady: Infinity };
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const counts = await this.counts();
        seen.replicas = Math.max(
          seen.replicas,
          counts.reduce((sum, [, replicas]) => sum + replicas, 0),
        );
        seen.leastReady = Math.min(
          seen.leastReady,
          counts.reduce((sum, [, , ready]) => sum + ready, 0),
        );
        await setTimeout(20);
      }
    })();
    return async () => {
      isOver = true;
      await watching;
      return seen;
    };
  }

  async kubectl(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.#cluster.kubectl(args, input === undefined ? {} : { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  /** Takes away what is left. */
  async dispose(): Promise<void> {
    for (const claim of [...this.#claims]) await this.release(claim).catch(() => undefined);
    const selector = `${INSTANCE_LABEL}=${this.#instanceId}`;
    const kinds = "sandboxwarmpools,sandboxtemplates";
    await this.#cluster.kubectl(["delete", kinds, "--selector", selector, "--wait=false", "--ignore-not-found"]);
  }

  async #isReady(claim: string): Promise<boolean> {
    const { status } = (await this.#cluster.api.get(`${EXTENSIONS}/sandboxclaims/${claim}`)) as Seen;
    return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
  }

  #pods(): Promise<Seen[]> {
    return this.#own("/api/v1/namespaces/default/pods", `,${NATIVE_LABEL}`);
  }

  async #own(path: string, more = ""): Promise<Seen[]> {
    const selector = encodeURIComponent(`${INSTANCE_LABEL}=${this.#instanceId}${more}`);
    const { items } = (await this.#cluster.api.get(`${path}?labelSelector=${selector}`)) as { items: Seen[] };
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }
}

function generationOf({ metadata }: Seen): number {
  return Number(metadata.labels?.[GENERATION_LABEL]);
}
