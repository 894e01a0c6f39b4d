import { interruptSignal } from "./interrupt.ts";

/**
 * Wraps the body of a command: it gets a signal that SIGINT and SIGTERM abort, and its return value is the exit code
 * (nothing = 0). Arguments are those that commander gives: the positional ones, then the options, then the command.
 *
 * @example
 *   program.command("hash").argument("<dir>").action(action(async (signal, dir: string) => { ... }));
 */
export function action<A extends unknown[]>(
  body: (signal: AbortSignal, ...args: A) => Promise<number | void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    using interrupt = interruptSignal();
    const code = await body(interrupt.signal, ...args);
    if (typeof code === "number") process.exitCode = code;
  };
}
