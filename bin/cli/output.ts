import { once } from "node:events";

/**
 * A reader that goes away (`| head`) ends the command quietly: EPIPE on standard output is not an error of ours, and
 * there is nobody left to print for.
 */
export function endQuietlyOnClosedPipe(stdout: NodeJS.WriteStream = process.stdout): void {
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

/** Writes to standard output and waits until there is room for more, so that a slow reader holds the command back. */
export async function print(text: string | Uint8Array, signal?: AbortSignal): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, "drain", { signal });
}

/** Prints one JSON value on one line. */
export function printJson(value: unknown, signal?: AbortSignal): Promise<void> {
  return print(`${JSON.stringify(value)}\n`, signal);
}
