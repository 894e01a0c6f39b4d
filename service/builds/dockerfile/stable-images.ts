import { parseDockerfile } from "pulumi-nullspace/docker";

/** A parser directive names another frontend, which may fetch and do anything. */
const OWN_SYNTAX = /^#\s*syntax\s*=/im;
/** URLs and Git repositories (Dockerfile reference, "ADD"). */
const FETCHED = /(?:^|[\s["])(?:[a-z]+:\/\/|git@)/i;
/** Mounts whose content is no part of the Dockerfile or of the context. */
const FOREIGN_MOUNT = /--mount=\S*\b(?:from=|type=(?:secret|ssh))/;

/** Whether an ADD has a source that the builder fetches. */
export function isFetched(argument: string): boolean {
  return FETCHED.test(argument);
}

/**
 * Images that a Dockerfile stands on, for one of which everything else is in its text and its context: whoever has the
 * same text, context and images gets the same image from the builder's cache.
 *
 * @returns `undefined` when that is not so, or cannot be told from the text: something is fetched, mounted or left to a
 *   variable
 */
export function stableImagesOf(dockerfile: string): string[] | undefined {
  if (OWN_SYNTAX.test(dockerfile)) return undefined;
  const images = new Set<string>();
  const stages = new Set<string>();
  let count = 0;
  for (const { keyword, argument } of parseDockerfile(dockerfile)) {
    if (keyword === "FROM") {
      const [base = "", as, name] = argument.split(/\s+/);
      if (base.startsWith("--") || base.includes("$")) return undefined;
      if (base !== "scratch" && !stages.has(base.toLowerCase())) images.add(base);
      if (as?.toUpperCase() === "AS" && name !== undefined) stages.add(name.toLowerCase());
      stages.add(String(count++));
    } else if (keyword === "ADD") {
      if (isFetched(argument) || argument.includes("$")) return undefined;
    } else if (keyword === "COPY") {
      const from = /--from=(\S+)/.exec(argument)?.[1];
      if (from !== undefined && !stages.has(from.toLowerCase())) return undefined;
    } else if (keyword === "RUN" && FOREIGN_MOUNT.test(argument)) {
      return undefined;
    }
  }
  return [...images];
}
