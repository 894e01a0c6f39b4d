import { EngineNotFoundError, type DockerEngine } from "pulumi-nullspace/docker";
import { startMachineContainer } from "../drivers/docker/container.ts";
import type { MachineArtifact } from "../fleet/guests/machine-driver.ts";
import { waitUntilReady } from "../drivers/docker/readiness.ts";
import type { Readiness } from "pulumi-nullspace/wire";
import type { ArtifactRuntime } from "../templates/artifact-runtime.ts";
import type { BuildJob, BuildReporter } from "./build-executor.ts";
import { launchFailure } from "../builders/engine/engine-failure.ts";

/** Label of the container in which a build tries its start command: the build. */
export const BUILD_LABEL = "dev.nullspace.local.build";

/** Without a readiness check a start command counts as up when it has lived this long. */
const SETTLE: Readiness = { kind: "timeout", timeout_ms: 1_000 };

/**
 * Starts a machine of the image once and waits until it is ready: a template whose start command does not come up is a
 * failed build, not a pool that never fills. Nothing is left of the machine.
 *
 * @throws BuildFailure of the phase `readiness`
 */
export async function checkLaunch(
  engine: DockerEngine,
  serviceId: string,
  job: BuildJob,
  { imageId, runtime }: { imageId: string; runtime: ArtifactRuntime },
  report: BuildReporter,
  signal: AbortSignal,
): Promise<void> {
  const { definition, buildId, templateId } = job;
  const { build_config: config = {} } = definition;
  const { startCmd, readiness, mayStartCmdEnd } = runtime;
  // Of a command that may end there is nothing to see.
  if ((startCmd === undefined || mayStartCmdEnd) && readiness === undefined) return;
  const artifact: MachineArtifact = {
    templateId,
    imageId,
    ...(startCmd !== undefined && { startCmd }),
    ...(mayStartCmdEnd && { mayStartCmdEnd }),
    env: runtime.env,
    ...(runtime.user !== undefined && { user: runtime.user }),
    ...(runtime.workdir !== undefined && { workdir: runtime.workdir }),
  };
  const name = `nullspace-check-${buildId}`;
  report({
    kind: "message",
    level: "info",
    phase: "startup",
    message: startCmd === undefined ? "Starting a machine" : `Running the start command: ${startCmd}`,
  });
  try {
    // What an earlier run of this build left, if the service was killed in the middle of it.
    await removeContainer(engine, name);
    const containerId = await startMachineContainer(engine, artifact, {
      serviceId,
      name,
      labels: { [BUILD_LABEL]: buildId },
      vcpus: config.vcpus ?? 1,
      memoryMb: config.memory_mib ?? 512,
      internetAccess: config.internet_access ?? true,
      signal,
    });
    await waitUntilReady(engine, containerId, readiness ?? SETTLE, {
      signal,
      onAttempt: ({ attempt, ok, reason, elapsedMs }) =>
        report({
          kind: "message",
          level: ok ? "info" : "debug",
          phase: "readiness",
          message: ok ? `Ready after ${elapsedMs} ms` : `Not ready after ${elapsedMs} ms: ${reason ?? "no answer"}`,
          attempt,
        }),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw launchFailure(error);
  } finally {
    await removeContainer(engine, name);
  }
}

/** Removes a container; one that is not there is no error. Not cancellable: it is the cleaning up after a cancel. */
export async function removeContainer(engine: DockerEngine, name: string): Promise<void> {
  try {
    await engine.containers.remove(name, { force: true, volumes: true, signal: AbortSignal.timeout(30_000) });
  } catch (error) {
    if (!(error instanceof EngineNotFoundError)) throw error;
  }
}
