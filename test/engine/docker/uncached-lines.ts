import { type BuildOptions, type DockerEngine, lineOfStep } from "../../../sdk/docker/index.ts";

/**
 * Builds, and tells which lines of the Dockerfile the builder did not take from its cache: those of RUN, COPY, ADD and
 * WORKDIR, in order. What FROM does says nothing about the cache.
 */
export async function uncachedLines(
  engine: DockerEngine,
  dockerfileContent: string,
  options: BuildOptions,
): Promise<number[]> {
  const kind = options.builder === "classic" ? "classic" : "buildkit";
  const states = new Map<string, { name: string; state: string }>();
  const build = engine.build({ ...options, dockerfileContent });
  for await (const one of build) if (one.kind === "step") states.set(one.step.id, one.step);
  await build.done;
  const lines = new Set<number>();
  for (const { name, state } of states.values()) {
    if (state !== "completed" || !/^\[[^\]]*\] (?:RUN|COPY|ADD|WORKDIR)\b/i.test(name)) continue;
    const line = lineOfStep(dockerfileContent, name, kind);
    if (line !== undefined) lines.add(line);
  }
  return [...lines].sort((a, b) => a - b);
}
