import { Command, CommanderError } from "commander";
import { packageVersion } from "../../sdk/client/version.ts";
import { COMMANDS } from "./command-table.ts";
import { UsageError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";
import { endQuietlyOnClosedPipe } from "./output.ts";

/**
 * Runs the command line and returns its exit code. Only the module of the command that is asked for is loaded.
 *
 * @param argv as in `process.argv`: the first two are the interpreter and the script
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe();
  const program = new Command("pulumi-nullspace")
    .description("Sandbox templates as code: inspect build contexts, build images, check a set-up")
    .version(packageVersion());
  for (const name of commandsToLoad(argv[2])) (await COMMANDS[name]!())(program);
  forEachCommand(program, (command) => command.exitOverride().configureOutput({ writeErr: () => {} }));
  try {
    await program.parseAsync([...argv]);
    return process.exitCode === undefined ? EXIT.ok : Number(process.exitCode);
  } catch (error) {
    // It knows the errors of every floor, which a command that ends well need not wait for.
    const { fail } = await import("./fail.ts");
    if (!(error instanceof CommanderError)) return fail(error);
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") {
      // A command group without its command: the help is the answer, the missing word is the error.
      return fail(new UsageError(`A command is missing. Try: ${program.name()} --help`));
    }
    return fail(new UsageError(error.message.replace(/^error: /, ""), { cause: error }));
  }
}

/** @param asked the first argument: a command, an option, or a word that is neither */
function commandsToLoad(asked: string | undefined): readonly string[] {
  if (asked === "-V" || asked === "--version") return [];
  return asked !== undefined && Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}
