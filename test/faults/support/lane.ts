import type { Random } from "../../unit/context/support/random.ts";
import type { Answer, Call } from "./calls.ts";
import type { Tally } from "./tally.ts";

/**
 * One caller of the service: it does one thing after the other, knows what was acknowledged, and of the one call that
 * may be without an answer, what it would have changed.
 */
export interface Lane {
  /** Does one thing. @throws NoAnswerError when the service goes away meanwhile */
  step(call: Call, random: Random, tally: Tally): Promise<void>;
  /** Notes what was acknowledged and is not there, or is there twice; then takes what is there for the truth. */
  look(call: Call, tally: Tally): Promise<void>;
}

/** An answer that had to be a success. It counts as acknowledged. */
export function acknowledged(answer: Answer, tally: Tally): Answer["body"] {
  if (answer.status >= 300) throw new Error(`refused with ${answer.status}: ${JSON.stringify(answer.body)}`);
  tally.acknowledged += 1;
  return answer.body;
}
