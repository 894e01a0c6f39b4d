import type { ProviderConfig } from "./provider-config.ts";

/** How loud a message is. The engine counts an `error` as a failed update. */
export type LogSeverity = "debug" | "info" | "warning";

/** Tells the user something. An ephemeral message is shown as the resource's status and not kept. */
export type Log = (severity: LogSeverity, message: string, options?: { ephemeral?: boolean }) => void;

/** What an operation is given beside its properties. */
export interface OperationContext {
  /** URN of the resource; `""` where the shell does not learn it. */
  readonly urn: string;
  /** Nothing may be changed. */
  readonly preview: boolean;
  /** From `customTimeouts`, milliseconds; absent: the operation's own default. */
  readonly timeoutMs?: number;
  /** Aborted when the user stops the update. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly config: ProviderConfig;
  /** Folder of the Pulumi program: relative paths in inputs start here. */
  readonly cwd: string;
}
