import type { DockerEngine } from "pulumi-nullspace/docker";
import type { HostView } from "./host-view.ts";

/** One try: the machine, and how long it may take. */
export interface ProbeTry {
  readonly engine: DockerEngine;
  readonly containerId: string;
  /** The container as it is seen from here; absent when it may run on another host. */
  readonly view?: HostView | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}
