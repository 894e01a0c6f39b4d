/** What an error of the service may carry beside its message. Read by shape: whoever explains loads no client for it. */
interface Explained {
  suggestedAction?: string | undefined;
  requestId?: string | undefined;
}

/** The error as a sentence for the user: what happened, what the service advises, what to quote to its operators. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { suggestedAction: advice, requestId } = error as Explained;
  const parts = [error.message];
  if (advice !== undefined && advice !== "" && !error.message.includes(advice)) parts.push(advice);
  if (requestId !== undefined && !error.message.includes(requestId)) parts.push(`(request ${requestId})`);
  return parts.join(" ");
}
