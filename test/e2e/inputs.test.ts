import { describe } from "vitest";
import { CONTEXTS } from "./inputs/contexts.ts";
import { DRAINING } from "./inputs/draining.ts";
import { FUNCTIONS } from "./inputs/functions.ts";
import { OTHER_INPUTS } from "./inputs/other-inputs.ts";
import { PROMOTION } from "./inputs/promotion.ts";
import { REFUSALS } from "./inputs/refusals.ts";
import { REGISTRY } from "./inputs/registry.ts";
import { SERVICES } from "./inputs/settings.ts";
import { PROGRAM_SETTINGS, TEMPLATE_INPUTS } from "./inputs/template-inputs.ts";
import { playOptions } from "./options/option-rows.ts";
import { defineRows, inBothShells, inTurns } from "./sequences/support/rows.ts";

inBothShells("inputs", (stage) => {
  describe.concurrent("and settings", () => {
    // It waits for half a minute: the next ones are played meanwhile.
    defineRows(DRAINING, stage, "d");
    playOptions([...TEMPLATE_INPUTS, ...OTHER_INPUTS], stage, PROGRAM_SETTINGS);
    defineRows(inTurns([...CONTEXTS, ...REFUSALS, ...REGISTRY, ...PROMOTION, ...FUNCTIONS, ...SERVICES], stage), stage);
  });
});
