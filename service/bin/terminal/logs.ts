import { isTerminalEntry, NullspaceClient } from "pulumi-nullspace/sdk";
import type { LogEntry } from "pulumi-nullspace/wire";
import { INTERRUPTED, interruptSignal } from "../interrupt-signal.ts";
import { paint, type Meaning } from "./paint.ts";
import { harmless, printJson, printLine } from "./print.ts";

/** `logs [-f] BUILD`: what a build said; followed, exit code 1 when it did not become ready. */
export async function logsCommand(
  buildId: string,
  { follow = false, json = false }: { follow?: boolean; json?: boolean },
): Promise<void> {
  await using client = new NullspaceClient();
  using interrupted = interruptSignal();
  // Whoever reads no further (`| head`) wants no more.
  process.stdout.on("error", interrupted.interrupt);
  try {
    for await (const entry of client.builds.logs(buildId, { follow, signal: interrupted.signal })) {
      if (json) printJson(entry);
      else printLine(asLine(entry));
      if (follow && isTerminalEntry(entry) && entry.kind !== "end") process.exitCode = 1;
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  }
}

const LEVELS: Readonly<Record<string, Meaning>> = { error: "bad", warn: "busy", debug: "dim" };

function asLine({ level, kind, message, step_index, total_steps }: LogEntry): string {
  const step =
    step_index == null ? "" : paint("dim", `[${step_index}${total_steps == null ? "" : `/${total_steps}`}] `);
  const text = harmless(message);
  return step + paint(kind === "end" ? "good" : LEVELS[level], text);
}
