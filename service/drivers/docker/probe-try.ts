import type { DockerEngine } from "pulumi-nullspace/docker";

/** One try: the machine, and how long it may take. */
export interface ProbeTry {
  readonly engine: DockerEngine;
  readonly containerId: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What one try saw. */
export type ProbeResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };
