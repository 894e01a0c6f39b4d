import type { BuildDefinition } from "../build-record.ts";

/** Values for the ARGs of a Dockerfile: the build's variables reach it that way, and what is given for an ARG wins. */
export function dockerfileArgs({
  build_envs: envs,
  build_args: args,
}: Pick<BuildDefinition, "build_envs" | "build_args">): Record<string, string> {
  return { ...envs, ...args };
}
