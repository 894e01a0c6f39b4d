import type { PodToleration } from "./nodes.ts";

/** On which nodes pods run, and how. */
export interface PodPlace {
  /**
   * How many machines may share a processor.
   *
   * @default 1
   */
  readonly cpuOvercommit?: number | undefined;
  /** @default the cluster's own */
  readonly runtimeClass?: string | undefined;
  /** Labels that a node must have. @default none */
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  /** Taints of nodes that it may run on all the same. @default none */
  readonly tolerations?: readonly PodToleration[] | undefined;
}

/** A place that a pool may choose for its machines. What it leaves out is as for every machine of the service. */
export interface Placement extends PodPlace {
  /** Ranges of addresses (CIDR) that its machines may reach beside those that every machine may. @default none */
  readonly allowedEgress?: readonly string[] | undefined;
}
