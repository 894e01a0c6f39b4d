import { it } from "vitest";
import { isWhole } from "./extent.ts";
import { SHELLS, type Shell } from "./shells.ts";

/**
 * `it` for the tests of one shell, of those that hold in both alike: in the gate each one is played in one shell, in turns.
 * Whole, all are.
 *
 * @param first the shell that plays the first test
 */
export function inTurnsIn(
  shell: Shell,
  first: Shell = SHELLS[0].shell,
): (title: string, play: () => Promise<unknown>) => void {
  let isOwnTurn = shell === first;
  return (title, play) => {
    if (isWhole || isOwnTurn) it(title, play);
    isOwnTurn = !isOwnTurn;
  };
}
