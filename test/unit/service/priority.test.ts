import { constants, getPriority, setPriority } from "node:os";
import { expect, it } from "vitest";
import { lookAtService } from "./served-process.ts";

/** Niceness of a service, once it serves. @param niceness that it is started with */
async function nicenessOf(niceness: number): Promise<number> {
  const before = getPriority();
  if (niceness !== before) setPriority(niceness);
  // The process is there when the call returns, with the niceness of this one.
  const looked = lookAtService({}, (pid) => getPriority(pid));
  if (niceness !== before) setPriority(before);
  return looked;
}

it("a service that may do so comes before the containers that it starts", async () => {
  expect(await nicenessOf(constants.priority.PRIORITY_NORMAL)).toBe(process.getuid?.() === 0 ? -10 : 0);
});

// Nobody else could give this process its own niceness back.
it.runIf(process.getuid?.() === 0)("a niceness that was chosen stays", async () => {
  expect(await nicenessOf(5)).toBe(5);
});
