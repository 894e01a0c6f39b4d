import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { baseImage, startTestService, type TestService } from "../../support/service.ts";
import { SecretScanner } from "../../support/secret-scanner.ts";
import { isWhole } from "./extent.ts";
import { PROGRAM_SECRET } from "./program.ts";
import { SHELLS, type Shell } from "./shells.ts";
import { Stack } from "./stack.ts";
import { World } from "./world.ts";

/** What a row plays on. */
export interface Stage {
  shell: Shell;
  service: TestService;
  world: World;
  /** Makes a stack on the service; two in one row need two names. */
  stack(options?: { name?: string; env?: Record<string, string> }): Promise<Stack>;
  /** To be undone after the row, the latest first. */
  defer(undo: () => unknown): void;
}

/** A few operations in a row, and what must still be true after them. */
export interface Row {
  /** What must still be true, as a sentence. */
  title: string;
  /** Played by `npm test` too, not only by `npm run sequences`. */
  gate?: boolean;
  /** Default: both. */
  shells?: readonly Shell[];
  play(stage: Stage): Promise<void>;
}

/** Where the rows of one shell are played. */
export interface ShellStage {
  shell: Shell;
  /** The service that they share; there from the first test on. */
  service(): TestService;
}

/** Plays each row in both shells (in the gate, in turns), on one service for all. */
export function playRows(subject: string, rows: readonly Row[]): void {
  const played = rows.filter(({ gate }) => isWhole || gate === true);
  if (played.length === 0) throw new Error(`no row of "${subject}" is played in the gate: mark one`);
  // One of a kind is played in both, so that neither shell is without.
  inBothShells(subject, (stage) => defineRows(played.length === 1 ? played : inTurns(played, stage), stage));
}

/** A group of tests for each shell, with a service of its own. */
export function inBothShells(subject: string, define: (stage: ShellStage) => void): void {
  describe.each(SHELLS)(`${subject}, in the $shell shell`, ({ shell }) => {
    let service: TestService;
    beforeAll(async () => {
      baseImage();
      service = await startTestService();
    });
    afterAll(async () => {
      await service?.[Symbol.asyncDispose]();
    });
    define({ shell, service: () => service });
  });
}

/**
 * The rows that a shell plays of those that hold in both alike: in the gate each one is played in one shell, in turns. Whole,
 * and where a row is of one shell alone, all are.
 */
export function inTurns<Played extends { shells?: readonly Shell[] }>(
  rows: readonly Played[],
  { shell }: Pick<ShellStage, "shell">,
): readonly Played[] {
  if (isWhole) return rows;
  const own = SHELLS.findIndex((each) => each.shell === shell);
  return rows.filter(({ shells }, index) => shells !== undefined || index % SHELLS.length === own);
}

/** A test for each row. @param letter begins the names at the service; two groups of rows on one service need two */
export function defineRows(rows: readonly Row[], { shell, service }: ShellStage, letter = "r"): void {
  for (const [index, row] of rows.entries()) {
    if (row.shells && !row.shells.includes(shell)) continue;
    it(row.title, async () => {
      await play(row, { shell, service: service(), prefix: `${letter}${index}${shell.charAt(0)}` });
    });
  }
}

async function play(
  row: Row,
  { shell, service, prefix }: { shell: Shell; service: TestService; prefix: string },
): Promise<void> {
  const world = new World(service.client, prefix);
  const undos: (() => unknown)[] = [];
  const stacks: Stack[] = [];
  try {
    await row.play({
      shell,
      service,
      world,
      defer: (undo) => void undos.push(undo),
      async stack({ name, env } = {}) {
        const stack = await Stack.create({
          shell,
          prefix,
          env: { ...service.env, ...env },
          ...(name === undefined ? {} : { name }),
        });
        undos.push(() => stack[Symbol.dispose]());
        stacks.push(stack);
        return stack;
      },
    });
    const scanner = new SecretScanner({ secret: PROGRAM_SECRET });
    for (const stack of stacks) stack.scan(scanner);
    expect(scanner.leaks).toEqual([]);
  } finally {
    for (const undo of undos.toReversed()) await undo();
    await world.clear();
  }
}
