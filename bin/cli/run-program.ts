import { Command, CommanderError } from "commander";
import { packageVersion } from "../../sdk/client/version.ts";
import { COMMANDS } from "./command-table.ts";
import { UsageError } from "./errors.ts";
import { EXIT, fail } from "./fail.ts";
import { endQuietlyOnClosedPipe } from "./output.ts";

/**
 * Runs the command line and returns its exit code. Only the module of the command that is asked for is loaded.
 *
 * @param argv as in `process.argv`: the first two are the interpreter and the script
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe();
  const program = new Command("pulumi-nullspace")
    .description("Sandbox templates as code: look into build contexts, build images, check a set-up")
    .version(packageVersion());
  const asked = argv[2];
  const names = asked !== undefined && Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS);
  for (const name of names) (await COMMANDS[name]!())(program);
  forEachCommand(program, (command) => command.exitOverride().configureOutput({ writeErr: () => {} }));
  try {
    await program.parseAsync([...argv]);
    return process.exitCode === undefined ? EXIT.ok : Number(process.exitCode);
  } catch (error) {
    if (!(error instanceof CommanderError)) return fail(error);
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === "commander.help") {
      // A command group without its command: the help is the answer, the missing word is the error.
      return fail(new UsageError(`A command is missing. Try: ${program.name()} --help`));
    }
    return fail(new UsageError(error.message.replace(/^error: /, ""), { cause: error }));
  }
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}
