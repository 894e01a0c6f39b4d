import fc from "fast-check";
import { expect, it } from "vitest";
import { COMMANDS } from "./commands.ts";
import { Model } from "./model.ts";
import { RestartableParts } from "./restartable-parts.ts";

it("the service does what a few maps do, through restarts, one call after the other", async () => {
  let steps = 0;
  let restarts = 0;
  const plays = fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 120, size: "max" }), async (commands) => {
    await using parts = new RestartableParts();
    const model = new Model();
    await fc.asyncModelRun(() => ({ model, real: parts }), commands);
    steps += model.steps;
    restarts += model.restarts;
  });
  // How long a play is is drawn, too: it goes on until there is enough of it.
  for (let round = 0; round < 10 && (steps < 1_000 || restarts < 40); round++) await fc.assert(plays, { numRuns: 24 });
  expect(steps).toBeGreaterThanOrEqual(1_000);
  expect(restarts).toBeGreaterThanOrEqual(40);
}, 120_000);
