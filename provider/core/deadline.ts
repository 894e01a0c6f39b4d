import { OperationCancelledError, OperationTimeoutError } from "../errors.ts";
import type { OperationContext } from "./operation-context.ts";

/** A time limit on an operation, joined with the user's request to stop. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** What is left of the time, milliseconds. */
  remainingMs(): number;
}

/**
 * Starts the operation's clock. The signal's reason is an {@link OperationTimeoutError} or an
 * {@link OperationCancelledError}.
 *
 * @param operation option of `customTimeouts` that would allow more time: `create`, `update`, `delete` or `read`
 */
export function startDeadline(context: OperationContext, operation: string, defaultMs: number): Deadline {
  const { operationTimeoutMinutes } = context.config;
  const ofProvider = operationTimeoutMinutes === undefined ? undefined : operationTimeoutMinutes * 60_000;
  const timeoutMs = context.timeoutMs ?? ofProvider ?? defaultMs;
  const endsAt = Date.now() + timeoutMs;
  const controller = new AbortController();
  const stop = () => controller.abort(new OperationCancelledError());
  if (context.signal.aborted) stop();
  context.signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(
    () => controller.abort(new OperationTimeoutError(timeoutMs, operation, context.shell)),
    timeoutMs,
  );
  return {
    signal: controller.signal,
    remainingMs: () => Math.max(0, endsAt - Date.now()),
    [Symbol.dispose]() {
      clearTimeout(timer);
      context.signal.removeEventListener("abort", stop);
    },
  };
}
