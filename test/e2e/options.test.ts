import { describe } from "vitest";
import { ENGINE_FEATURES } from "./options/engine-features.ts";
import { IDENTITIES } from "./options/identities.ts";
import { IGNORED_CHANGES } from "./options/ignored-changes.ts";
import { playOptions } from "./options/option-rows.ts";
import { INLINE_FEATURES } from "./options/inline-features.ts";
import { PROGRAM_VIEWS } from "./options/program-views.ts";
import { REPLACEMENTS } from "./options/replacements.ts";
import { defineRows, inBothShells, inTurns } from "./sequences/support/rows.ts";

inBothShells("Pulumi's options", (stage) => {
  describe("of a resource", () => {
    playOptions(inTurns([...IGNORED_CHANGES, ...REPLACEMENTS, ...IDENTITIES, ...PROGRAM_VIEWS], stage), stage);
  });
  describe.concurrent("of a command", () => {
    defineRows(inTurns([...ENGINE_FEATURES, ...INLINE_FEATURES], stage), stage);
  });
});
