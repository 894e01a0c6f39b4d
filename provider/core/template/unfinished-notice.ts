import type { Properties } from "../properties.ts";
import { BuildAttempt } from "./outputs.ts";

/**
 * Why the next update does something although no input may have changed; undefined when the last one came to its end.
 *
 * @param isBuilt the next update builds, or goes on with a build
 */
export function unfinishedNotice(outputs: Properties, isBuilt: boolean): string | undefined {
  const attempt = BuildAttempt.safeParse(outputs.attempt).data;
  if (attempt === undefined) return undefined;
  const build = `build ${attempt.buildId} of ${String(outputs.canonicalRef ?? outputs.name)}`;
  if (!isBuilt) return `${build} is given up: the inputs are those of ${String(outputs.buildId)} again, which is live`;
  if (outputs.status === "error") return `builds again: ${build} failed`;
  if (outputs.status === "cancelled") return `builds again: ${build} was cancelled`;
  return `the last update did not wait for ${build}: this one continues with it if it builds the same`;
}
