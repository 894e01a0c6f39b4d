import { existsSync } from "node:fs";
import { resolve } from "node:path";

/**
 * The Dockerfile that a command line names: relative to the context, or, as the Docker command line has it, to the working
 * directory. Where neither exists the first is kept, so that the error names it.
 *
 * @param named `true` and `undefined` = the default; `false` = none
 */
export function dockerfileOption(dir: string, named: string | boolean | undefined): string | false | undefined {
  if (typeof named !== "string") return named === false ? false : undefined;
  const inContext = resolve(dir, named);
  const inWorkingDirectory = resolve(named);
  return !existsSync(inContext) && existsSync(inWorkingDirectory) ? inWorkingDirectory : inContext;
}
