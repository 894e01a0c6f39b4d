import { startBuildKitDaemon } from "./buildkit-daemon.ts";

/** It happens once in twenty times: four times in a row in one of a hundred thousand runs. */
const TRIES = 4;

/**
 * Runs a build on daemons that have nothing, each of its own, until one takes what it may from the cache that it is given: now
 * and then BuildKit skips what it has imported (moby/buildkit#4674), whoever its client is.
 *
 * @param isServed whether the build ran no step that the cache has
 * @returns the first build of which that holds, else the last one
 */
export async function onFreshDaemon<Build>(
  build: (address: string) => Promise<Build>,
  isServed: (build: Build) => boolean,
): Promise<Build> {
  for (let tried = 1; ; tried++) {
    await using fresh = await startBuildKitDaemon();
    const made = await build(fresh.address);
    if (isServed(made) || tried === TRIES) return made;
  }
}
