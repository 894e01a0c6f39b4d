import fc from "fast-check";
import { expect, it } from "vitest";
import { COMMANDS } from "./commands.ts";
import { Model } from "./model.ts";
import { RestartableParts } from "./restartable-parts.ts";

it("the service does what a few maps do, through restarts, one call after the other", async () => {
  let steps = 0;
  let restarts = 0;
  await fc.assert(
    fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 120, size: "max" }), async (commands) => {
      await using parts = new RestartableParts();
      const model = new Model();
      await fc.asyncModelRun(() => ({ model, real: parts }), commands);
      steps += model.steps;
      restarts += model.restarts;
    }),
    { numRuns: 24 },
  );
  expect(steps).toBeGreaterThan(1_000);
  expect(restarts).toBeGreaterThan(40);
}, 120_000);
