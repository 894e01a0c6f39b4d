import "../require-node.ts";

export { answerTimeout, type AnswerTimeout } from "./answer-timeout.ts";
export { Backoff, backoffMs, type BackoffBounds } from "./backoff.ts";
export { pause, pauseUnless } from "./pause.ts";
export { Semaphore } from "./semaphore.ts";
