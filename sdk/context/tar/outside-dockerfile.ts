import { DOCKERIGNORE } from "../dockerfile.ts";

/**
 * The ignore file of a tar that carries a Dockerfile from outside: it keeps the Dockerfile out of what `COPY .` sees, as the
 * Docker command line does it. With no ignore file in the context, one that hides both.
 */
export function hideOutsideDockerfile(path: string, ignoreFile: string | undefined): string {
  return `${ignoreFile ?? DOCKERIGNORE}\n${path}\n`;
}
