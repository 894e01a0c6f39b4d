import { afterAll, afterEach } from "vitest";
import { observeAnswers } from "./observe-answers.ts";

// Of every test file: an answer that is not as `/openapi.json` says fails the test that got it.
const observation = observeAnswers();

function fail(): void {
  const problems = observation.problems.splice(0);
  if (problems.length > 0) throw new Error(`Answers that /openapi.json does not describe:\n${problems.join("\n")}`);
}

afterEach(fail);
// Streams may end when their test has ended.
afterAll(fail);
