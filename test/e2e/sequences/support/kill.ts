import type { CliRun } from "./cli-run.ts";
import { descendantsOf, killProcess, type Process } from "./processes.ts";
import type { Shell } from "./shells.ts";

/** What ends in the middle of an operation, and how. */
export const VICTIMS = ["provider -9", "CLI -9", "CLI -INT", "CLI -INT twice"] as const;
export type Victim = (typeof VICTIMS)[number];

/** What the CLI prints when it has taken an interrupt. */
const INTERRUPTED = /\^C received|cancell?ing/i;

/** Is it the process that carries the resources? */
export function isProvider({ command }: Process, shell: Shell): boolean {
  return command.includes(shell === "plugin" ? "pulumi-resource-nullspace" : "dynamic-provider");
}

/**
 * Ends the victim, and resolves when it is as dead as it will be while the request at hand is held: the provider is
 * gone, the CLI is gone, or, with one interrupt, the CLI has told the provider.
 *
 * @param closed resolves when the provider lets go of the request
 */
export async function end(victim: Victim, cli: CliRun, shell: Shell, closed: Promise<void>): Promise<void> {
  if (victim === "provider -9") {
    const providers = descendantsOf(cli.pid).filter((each) => isProvider(each, shell));
    if (providers.length === 0) throw new Error(`no provider process below the CLI (${cli.pid})`);
    for (const each of providers) killProcess(each);
    await closed;
    return;
  }
  process.kill(cli.pid, victim === "CLI -9" ? "SIGKILL" : "SIGINT");
  if (victim === "CLI -9") await cli.ended;
  else await Promise.race([cli.printed(INTERRUPTED), cli.ended]);
  if (victim === "CLI -INT twice") {
    process.kill(cli.pid, "SIGINT");
    await cli.ended;
  }
}
