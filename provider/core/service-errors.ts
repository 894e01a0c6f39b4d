import { ApiError, TransportError } from "../../sdk/client/index.ts";

/** A not-found code that names the missing thing. A bare 404, of a proxy or of a wrong URL, does not say that it is gone. */
const GONE = /^[a-z_]+_not_found$/;

/** What a gateway answers in the place of a service that may have done what it was asked to. */
const GATEWAY_STATUSES: readonly (number | undefined)[] = [502, 504];

/** Does the error say that the very thing asked for does not exist (any more)? */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && GONE.test(error.code);
}

/** May the service have done what it was asked to, although no answer of its own came? */
export function isLostAnswer(error: unknown): boolean {
  if (error instanceof TransportError) return error.outcome !== "not_sent";
  return error instanceof ApiError && GATEWAY_STATUSES.includes(error.status);
}

/** The answer, or undefined when the thing is gone. */
export async function orGone<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
