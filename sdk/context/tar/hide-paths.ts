import { DOCKERIGNORE } from "../dockerfile.ts";

/**
 * The ignore file of a tar that carries what is there for the builder alone: it keeps the paths out of what `COPY .` sees,
 * as the Docker command line does it. With no ignore file in the context, one that hides itself too.
 */
export function hidePaths(paths: readonly string[], ignoreFile: string | undefined): string {
  return `${[ignoreFile ?? DOCKERIGNORE, ...paths.map(literalPattern)].join("\n")}\n`;
}

/** A pattern of the ignore file that means this path and no other. */
function literalPattern(path: string): string {
  return path.replace(/[*?[\\]|^[!#]/g, "\\$&");
}
