import { isTerminalEntry, NullspaceClient } from "pulumi-nullspace/sdk";
import type { LogEntry } from "pulumi-nullspace/wire";
import { paint, type Meaning } from "./paint.ts";
import { harmless, printJson, printLine } from "./print.ts";

/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** `logs [-f] BUILD`: what a build said; followed, exit code 1 when it did not become ready. */
export async function logsCommand(
  buildId: string,
  { follow = false, json = false }: { follow?: boolean; json?: boolean },
): Promise<void> {
  await using client = new NullspaceClient();
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  // Whoever reads no further (`| head`) wants no more.
  process.stdout.on("error", onSignal);
  try {
    for await (const entry of client.builds.logs(buildId, { follow, signal: interrupt.signal })) {
      if (json) printJson(entry);
      else printLine(asLine(entry));
      if (follow && isTerminalEntry(entry) && entry.kind !== "end") process.exitCode = 1;
    }
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

const LEVELS: Readonly<Record<string, Meaning>> = { error: "bad", warn: "busy", debug: "dim" };

function asLine({ level, kind, message, step_index, total_steps }: LogEntry): string {
  const step =
    step_index == null ? "" : paint("dim", `[${step_index}${total_steps == null ? "" : `/${total_steps}`}] `);
  const text = harmless(message);
  return step + paint(kind === "end" ? "good" : LEVELS[level], text);
}
