import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestService, type TestService } from "../support/service.ts";
import { chainCount, isWhole, seed, shuffle } from "./support/extent.ts";
import { PHASES, playChain, type Kill, type Phase, type Subject } from "./support/kill-chain.ts";
import { VICTIMS } from "./support/kill.ts";
import { SHELLS } from "./support/shells.ts";
import type { Step } from "./support/step-proxy.ts";

/** Nobody waits for it: as long as the whole sweep takes. */
const WHOLE_MS = 6 * 3_600_000;
const GATE_MS = 300_000;

const NAMES: Subject = {
  body: `const web = template("web"); tag("stable", web); alias("site", web);`,
  aliases: ["site"],
  pools: [],
};
const POOL: Subject = {
  body: `const web = template("web"); pool("crew", tag("stable", web));`,
  aliases: [],
  pools: ["crew"],
};

/** A pool's machines make a chain slow: only moments that are a pool's own. */
const SWEEPS = [
  { what: "a template, its tag and its alias", subject: NAMES, steps: /./, inGate: true },
  { what: "a warm pool", subject: POOL, steps: /template-warm-pools/, inGate: false },
] as const;

describe.each(SHELLS)("killed or stopped at any moment, in the $shell shell", ({ shell }) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  it.each(SWEEPS.filter(({ inGate }) => isWhole || inGate))(
    "the next up makes $what whole, and a destroy leaves nothing",
    async ({ what, subject, steps }) => {
      const quiet = await playChain(service, { shell, prefix: `q${shell.charAt(0)}`, subject, kills: {} });
      const problems = quiet.problems.map((problem) => `quiet run: ${problem}`);
      const chains = chainsOf(quiet.steps, steps, shell);
      const played = chains.slice(0, chainCount);
      const counts = { moments: 0, met: 0, converged: 0, "builds more": 0 };
      for (const [index, kills] of played.entries()) {
        const result = await playChain(service, { shell, prefix: `k${index}${shell.charAt(0)}`, subject, kills });
        counts.moments += Object.keys(kills).length;
        counts.met += result.met;
        counts.converged += result.problems.length === 0 ? Object.keys(kills).length : 0;
        counts["builds more"] = Math.max(counts["builds more"], result.buildsMore);
        problems.push(...result.problems);
        for (const problem of result.problems) console.log(problem);
      }
      const all = chains.reduce((sum, kills) => sum + Object.keys(kills).length, 0);
      const words = Object.entries(counts).map(([word, count]) => `${count} ${word}`);
      console.log(`${shell} shell, ${what}: ${words.join(", ")}, of ${all} moments in all (seed ${seed})`);
      expect(problems, `what kills of seed ${seed} have done`).toEqual([]);
    },
    isWhole ? WHOLE_MS : GATE_MS,
  );
});

/** Every moment of every phase with every victim, three at a time: one of each phase in a chain. */
function chainsOf(steps: Record<Phase, Step[]>, wanted: RegExp, salt: string): Partial<Record<Phase, Kill>>[] {
  const kills = PHASES.map((phase) => {
    const moments = steps[phase]
      .filter(({ key }) => wanted.test(key))
      .flatMap((step) => (["before", "after"] as const).map((side) => ({ ...step, side })));
    const all = moments.flatMap((moment) => VICTIMS.map((victim): Kill => ({ moment, victim })));
    // Shuffled, so that a chain has not the same victim three times and the first chains are a sample.
    return { phase, all: shuffle(all, salt + phase) };
  });
  const length = Math.max(...kills.map(({ all }) => all.length));
  return Array.from({ length }, (_, index) =>
    Object.fromEntries(kills.flatMap(({ phase, all }) => (all[index] === undefined ? [] : [[phase, all[index]]]))),
  );
}
