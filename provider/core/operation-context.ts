import type { Naming } from "./autoname.ts";
import type { Mark } from "./ownership/mark.ts";
import type { DeclaredInputs } from "./ownership/declared-inputs.ts";
import type { PropertyPath } from "./property-path.ts";
import type { ProviderConfig } from "./provider-config.ts";

/** How loud a message is. The engine counts an `error` as a failed update. */
export type LogSeverity = "debug" | "info" | "warning";

/** Tells the user something. An ephemeral message is shown as the resource's status and not kept. */
export type Log = (severity: LogSeverity, message: string, options?: { ephemeral?: boolean }) => void;

/** What the shell that carries the resource can do: advice that a user cannot follow is not given. */
export interface ShellAbilities {
  /** `pulumi import` and the option `import`. */
  readonly imports: boolean;
  /** The option `customTimeouts`. */
  readonly customTimeouts: boolean;
  /** Type token of a resource, as `pulumi import` takes it. */
  resourceToken(type: string): string;
}

/** What an operation is given beside its properties. */
export interface OperationContext {
  /** URN of the resource; `""` where the shell does not learn it. */
  readonly urn: string;
  /** By which the resource knows at the service what it has made. */
  readonly mark: Mark;
  /** The mark that the state records, where that is another one: the resource was renamed in the program, with `aliases`. */
  readonly formerMark?: Mark;
  /** What the program asks for in this run. */
  readonly declared: DeclaredInputs;
  readonly shell: ShellAbilities;
  /** How Check names a resource that the program gives no name. */
  readonly naming?: Naming;
  /** Inputs that the program marks as secret, whatever their schema says. Their values are kept out of all messages. */
  readonly secretInputs: readonly PropertyPath[];
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
