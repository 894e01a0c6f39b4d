import type { Redactor } from "../../sdk/secrets/index.ts";
import { explain, explainFault, isFault, stackOf } from "../core/explain.ts";
import type { Log } from "../core/operation-context.ts";
import { PartialFailureError } from "../errors.ts";

/** What an operation is about. */
export interface Subject {
  type: string;
  /** ID or name of the resource; `""` where neither is known. */
  name: string;
  /** What it is not when the operation fails: `deleted`, `read`, … */
  done: string;
}

/**
 * Runs an operation whose error the user is to see as one message. The dynamic provider's process passes the message on to
 * the engine, which shows it beside the resource, and of some methods prints `error: error.stack` as well: that becomes
 * one line that says where to look.
 *
 * @param log told where a fault of ours happened
 */
export async function withShownError<Result>(
  subject: Subject,
  { log, secrets }: { log: Log; secrets: Redactor },
  operation: () => Promise<Result>,
): Promise<Result> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof PartialFailureError) throw error;
    if (isFault(error)) log("debug", stackOf(error));
    const message = isFault(error)
      ? explainFault(error, "Set NULLSPACE_DEBUG=1 in the environment to see where.")
      : explain(error);
    // Without the cause: its text may hold secrets.
    throw shownError({ ...subject, name: secrets.text(subject.name) }, new Error(secrets.text(message)));
  }
}

/** The error in the form in which the dynamic provider's process prints it as one line. */
export function shownError<Thrown extends Error>({ type, name, done }: Subject, error: Thrown): Thrown {
  const subject = name === "" ? type : `${type} ${name}`;
  return Object.assign(error, { toString: () => subject, stack: `not ${done}: see the error of the resource` });
}
