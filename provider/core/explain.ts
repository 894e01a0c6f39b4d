/** What an error of the service may carry beside its message. Read by shape: whoever explains loads no client for it. */
interface Explained {
  suggestedAction?: string | undefined;
  requestId?: string | undefined;
  /** Of a `TransportError`. */
  reason?: unknown;
  outcome?: unknown;
}

/** The client names its own option. */
const SILENT = "In Pulumi that is the setting nullspace:requestTimeoutSeconds.";

/** The error as a sentence for the user: what happened, what the service advises, what to quote to its operators. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { suggestedAction: advice, requestId, reason, outcome } = error as Explained;
  const parts = [error.message];
  if (reason === "timeout" && outcome === "unknown") parts.push(SILENT);
  if (advice !== undefined && advice !== "" && !error.message.includes(advice)) parts.push(advice);
  if (requestId !== undefined && !error.message.includes(requestId)) parts.push(`(request ${requestId})`);
  return parts.join(" ");
}

/** Is the error a fault of this package, not one that it foresees? All of ours, and those of the system, have a code. */
export function isFault(error: unknown): boolean {
  return !(error instanceof Error) || typeof (error as { code?: unknown }).code !== "string";
}

/** A fault as a sentence for the user. @param whereToLook how to see its stack */
export function explainFault(error: unknown, whereToLook: string): string {
  return `${String(error)}. This is a fault of pulumi-nullspace: please report it. ${whereToLook}`;
}

/** Where a fault happened, for whoever mends it. */
export function stackOf(error: unknown): string {
  return (error instanceof Error ? error.stack : undefined) ?? String(error);
}
