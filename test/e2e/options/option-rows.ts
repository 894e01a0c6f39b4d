import { afterAll, expect, it } from "vitest";
import { runEngineOk, type EngineRun } from "../support/engine-events.ts";
import type { ShellStage } from "../sequences/support/rows.ts";
import { PROGRAM_SECRET } from "../sequences/support/program.ts";
import type { Shell } from "../sequences/support/shells.ts";
import { Stack } from "../sequences/support/stack.ts";
import { World, type TemplateView } from "../sequences/support/world.ts";
import { SecretScanner } from "../support/secret-scanner.ts";
import type { StackResource } from "../support/pulumi-project.ts";

/** What an update does to each of the row's resources, by name; what is not named is left alone. */
type Steps = Record<string, string>;

/** What is there after one of the runs. */
export interface Look {
  shell: Shell;
  run: EngineRun;
  world: World;
  /** Everything at the service by then, also what belongs to other rows. */
  templates: Record<string, TemplateView>;
  pools: Awaited<ReturnType<World["pools"]>>;
  /** The recorded resource of a name. */
  state(name: string): StackResource;
}

/**
 * One of Pulumi's resource options, or an input of a resource: a part of a program before and after a change, and what that
 * must lead to. All rows are parts of one program, so that a row costs no run of the CLI of its own.
 */
export interface OptionRow {
  /** The row's resources are called so, or begin with it and a `-`; `here` is the build context of that name. */
  key: string;
  /** What the option or the input does, as a sentence. */
  title: string;
  /** Default: both. */
  shells?: readonly Shell[];
  before: string;
  after: string;
  /** The files of `here` change with the program. Default: they stay as they are. */
  edit?: boolean;
  /** What the update does. */
  steps: Steps;
  /** What the preview says of it, by shell, where that is more: not everything is known before it is there. */
  previewed?: Partial<Record<Shell, Steps>>;
  /** Makes what is there before: at the service by somebody else's hand, or beside the files of `here`. */
  prepare?(world: World, stack: Stack): unknown;
  created?(look: Look): unknown;
  updated?(look: Look, created: Look): unknown;
  /** Templates and pools that outlive `pulumi destroy`: `["template kept"]`. */
  leaves?: readonly string[];
}

/**
 * Plays all rows as one program, run by run, and reports each by itself.
 *
 * @param config the stack's settings, as paths and values of `pulumi config set --path`, with `${prefix}` for what the
 *   names at the service begin with
 */
export function playOptions(
  rows: readonly OptionRow[],
  { shell, service }: ShellStage,
  config: Readonly<Record<string, string>> = {},
): void {
  const played = rows.filter(({ shells }) => shells === undefined || shells.includes(shell));
  const faults = new Map<OptionRow, unknown>();
  let stack: Stack | undefined;
  let world: World;

  /** Looks at each row; the first thing that is not as it should be is what the row reports. */
  const each = async (look: (row: OptionRow) => unknown): Promise<void> => {
    for (const row of played) {
      if (faults.has(row)) continue;
      try {
        await look(row);
      } catch (error) {
        faults.set(row, error);
      }
    }
  };

  const play = async (): Promise<void> => {
    const prefix = `o${shell.charAt(0)}`;
    world = new World(service().client, prefix);
    stack = await Stack.create({ shell, prefix, env: service().env });
    const { project } = stack;
    const up = () => runEngineOk(project, "up", "--yes", "--skip-preview");
    const look = async (run: EngineRun): Promise<Look> => ({
      shell,
      run,
      world,
      templates: await world.templates(),
      pools: await world.pools(),
      state: (name) => stack!.resource(name),
    });

    for (const [key, value] of Object.entries(config)) {
      await project.ok("config", "set", "--path", key, value.replaceAll("${prefix}", prefix));
    }
    for (const { key } of played) writeContext(stack, key, "first");
    for (const row of played) await row.prepare?.(world, stack);
    stack.program(joined(played, "before"));
    const created = await look(await up());
    await each(async (row) => row.created?.(created));
    const again = await up();
    await each((row) => expect(stepsOf(row, again), "a second update").toEqual({}));

    for (const { key, edit } of played) if (edit === true) writeContext(stack, key, "second");
    stack.program(joined(played, "after"));
    const preview = await runEngineOk(project, "preview");
    await each((row) => expect(stepsOf(row, preview), "preview").toEqual(row.previewed?.[shell] ?? row.steps));
    const updated = await look(await up());
    await each((row) => expect(stepsOf(row, updated.run), "update").toEqual(row.steps));
    await each(async (row) => row.updated?.(updated, created));
    const done = await up();
    await each((row) => expect(stepsOf(row, done), "an update after it").toEqual({}));

    await runEngineOk(project, "destroy", "--yes", "--skip-preview");
    const scanner = new SecretScanner({ secret: PROGRAM_SECRET });
    stack.scan(scanner);
    expect(scanner.leaks).toEqual([]);
    const left = await world.leftovers();
    await each((row) => expect(left.filter((what) => isOf(row, what.split(" ")[1] ?? ""))).toEqual(row.leaves ?? []));
  };
  let playing: Promise<void> | undefined;

  afterAll(async () => {
    await world?.clear();
    stack?.[Symbol.dispose]();
  });

  for (const row of played) {
    // The first one plays them all; where tests are concurrent, others run meanwhile.
    it(row.title, async () => {
      await (playing ??= play());
      if (faults.has(row)) throw faults.get(row);
    });
  }
}

/** A part of a program for each row, with names of its own. */
function joined(rows: readonly OptionRow[], part: "before" | "after"): string {
  return rows.map((row) => `{ const here = "./${row.key}";\n${row[part]}\n}`).join("\n");
}

function writeContext({ project }: Stack, folder: string, content: string): void {
  project.write(`${folder}/Dockerfile`, "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY hello.txt /hello.txt\n");
  project.write(`${folder}/hello.txt`, `${content}\n`);
}

function stepsOf(row: OptionRow, { steps }: EngineRun): Steps {
  return Object.fromEntries(Object.entries(steps).filter(([name]) => isOf(row, name)));
}

function isOf({ key }: OptionRow, name: string): boolean {
  return name === key || name.startsWith(`${key}-`);
}
