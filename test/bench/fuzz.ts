/**
 * Fuzzes the local service with its own `/openapi.json` for as long as it is told: `npm run fuzz -- [minutes] [seed]`.
 *
 * The tests do the same for less than a minute, with one seed. Prints what schemathesis finds, and every answer that is
 * not as described, whoever asked for it; the exit code is 0 when there is none.
 */
import { observeAnswers } from "../contract/openapi/observe-answers.ts";
import { fuzzService } from "../contract/fuzz/fuzz-service.ts";
import { RunningService } from "../engine/service/running-service.ts";

const [minutes = "10", seed = String(Math.floor(Math.random() * 2 ** 31))] = process.argv.slice(2);
if (!(Number(minutes) > 0) || !Number.isSafeInteger(Number(seed))) {
  console.error("usage: npm run fuzz -- [minutes] [seed]");
  process.exit(2);
}

const observation = observeAnswers();
await using service = await RunningService.start();
const { code } = await fuzzService(service, {
  seed: Number(seed),
  examples: 50,
  phases: ["coverage", "fuzzing", "stateful"],
  seconds: Number(minutes) * 60,
  onOutput: (text) => process.stdout.write(text),
});
const isUp = (await service.call("GET", "/healthz")).status === 200;
console.log(
  `${observation.answers} answers, ${observation.problems.length} not as described; the service is ${isUp ? "up" : "down"}`,
);
for (const problem of observation.problems) console.log(problem);
process.exitCode = code === 0 && observation.problems.length === 0 && isUp ? 0 : 1;
