/** A step of a build, as the builder reports it; a later report of the same `id` replaces the earlier one. */
export interface BuildStep {
  /** Stable within a build: BuildKit's vertex digest, or `step-<n>` of the classic builder. */
  id: string;
  /** The builder's name for it, such as `[2/4] COPY . .` or `[internal] load build context`. */
  name: string;
  /** Steps that this one waits for, by `id`. Known from BuildKit alone. */
  inputs: readonly string[];
  /** Position among the Dockerfile's steps (of its stage, with BuildKit), from 1. */
  number?: number;
  /** How many steps there are. */
  total?: number;
  state: "pending" | "started" | "completed" | "cached" | "failed" | "cancelled";
  /** The builder's words when it failed. */
  error?: string;
  startedAt?: Date;
  completedAt?: Date;
}

/** What a build reports while it goes on, in one shape for both builders. */
export type BuildProgress =
  | { kind: "step"; step: BuildStep }
  /** Work inside a step: a layer being pulled, a file being sent. `current` and `total` are bytes when both are there. */
  | { kind: "status"; stepId?: string; id: string; text?: string; current?: number; total?: number; done: boolean }
  /** One line that a command wrote, without its line end. */
  | { kind: "log"; stepId?: string; stream: "stdout" | "stderr"; text: string }
  | { kind: "warning"; stepId?: string; text: string; detail: readonly string[]; url?: string; dockerfileLine?: number }
  /** A record of the engine that is none of the others, as it came. */
  | { kind: "aux"; id?: string; value: unknown }
  /** The image is there; it comes last. */
  | { kind: "image"; imageId: string; manifestDigest?: string };

/** Turns one builder's records into progress. */
export interface ProgressDecoder {
  decode(record: Record<string, unknown>): Iterable<BuildProgress>;
  /** Gives what is still held back when the stream has ended. */
  flush(): Iterable<BuildProgress>;
}
