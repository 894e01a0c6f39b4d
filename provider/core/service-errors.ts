import { ApiError } from "../../sdk/client/index.ts";

/** A not-found code that names the missing thing. A bare 404, of a proxy or of a wrong URL, does not say that it is gone. */
const GONE = /^[a-z_]+_not_found$/;

/** Does the error say that the very thing asked for does not exist (any more)? */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && GONE.test(error.code);
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
