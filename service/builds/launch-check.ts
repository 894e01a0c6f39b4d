import { answerTimeout } from "pulumi-nullspace/concurrency";
import { inSpan } from "pulumi-nullspace/tracing";
import { BUILD_DEFAULTS, type Readiness } from "pulumi-nullspace/wire";
import { asError, EngineUnavailableError } from "../errors.ts";
import { MachineExitedError, MachineRefusedError, ReadinessTimeoutError } from "../fleet/guests/driver-errors.ts";
import type { MachineArtifact, MachineDriver } from "../fleet/guests/machine-driver.ts";
import { waitUntilReady } from "../fleet/guests/readiness.ts";
import type { ArtifactRuntime } from "../templates/artifact-runtime.ts";
import type { BuildJob, BuildReporter } from "./build-executor.ts";
import { engineDiskFull } from "./engine-disk.ts";
import { BuildFailure } from "./build-failure.ts";
import { KILLED, seeEngineGo } from "../engine-stop.ts";

/** Without a readiness check a start command counts as up when it has lived this long. */
const STEADY: Readiness = { kind: "timeout", timeout_ms: 1_000 };

/** The cleaning up after a check, which a cancel does not cut short, may take so long. */
const REMOVE_TIMEOUT_MS = 30_000;

/**
 * Starts a machine of the image once and waits until it is ready: a template whose start command does not come up is a
 * failed build, not a pool that never fills. Nothing is left of the machine.
 *
 * @throws BuildFailure of the phase `readiness`; EngineUnavailableError when the engine went away
 */
export async function checkLaunch(
  driver: MachineDriver,
  job: BuildJob,
  { imageId, runtime }: { imageId: string; runtime: ArtifactRuntime },
  report: BuildReporter,
  signal: AbortSignal,
): Promise<void> {
  const { definition, buildId, templateId } = job;
  const config = { ...BUILD_DEFAULTS, ...definition.build_config };
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
  const guestId = `check-${buildId}`;
  report({
    kind: "message",
    level: "info",
    phase: "startup",
    message: startCmd === undefined ? "Starting a machine" : `Running the start command: ${startCmd}`,
  });
  const remove = async (): Promise<void> => {
    using timeout = answerTimeout(REMOVE_TIMEOUT_MS);
    await driver.remove(guestId, timeout.signal);
  };
  try {
    // What an earlier run of this build left, if the service was killed in the middle of it.
    await remove();
    const spec = {
      guestId,
      buildId,
      artifact,
      vcpus: config.vcpus,
      memoryMb: config.memory_mib,
      internetAccess: config.internet_access,
    };
    await inSpan("launch check", {}, async () => {
      await driver.start(spec, signal);
      await waitUntilReady(driver, guestId, readiness ?? STEADY, {
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
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EngineUnavailableError) throw error;
    // A host that stops in good order first ends its machines, which then look as if they had failed by themselves.
    const mayBeStop = error instanceof MachineExitedError && KILLED.has(error.exitCode);
    const lost = mayBeStop ? await seeEngineGo((asked) => driver.listTrials(asked), signal) : undefined;
    throw lost ?? launchFailure(error);
  } finally {
    await remove();
  }
}

/** Why the built image did not come up. */
function launchFailure(thrown: unknown): BuildFailure {
  const full = engineDiskFull([asError(thrown).message], { phase: "readiness", cause: thrown });
  if (full !== undefined) return full;
  if (thrown instanceof ReadinessTimeoutError) {
    return new BuildFailure(thrown.message, {
      phase: "readiness",
      reason: "readiness_timeout",
      suggestedAction: "Correct the start command or the readiness check, or give it more time (timeout_secs).",
      details: {
        check: thrown.check,
        attempts: thrown.attempts,
        last_failure: thrown.lastFailure,
        log_tail: thrown.logTail,
      },
      cause: thrown,
    });
  }
  if (thrown instanceof MachineExitedError) {
    return new BuildFailure(thrown.message, {
      phase: "readiness",
      reason: thrown.outOfMemory ? "out_of_memory" : "start_command_exited",
      suggestedAction: thrown.outOfMemory
        ? "Give the template more memory (build_config.memory_mib)."
        : "A start command has to keep running: correct it, or run what is meant to end in a build step.",
      details: { exit_code: thrown.exitCode, log_tail: thrown.logTail },
      cause: thrown,
    });
  }
  return new BuildFailure(`The image does not start: ${asError(thrown).message}`, {
    phase: "readiness",
    reason: thrown instanceof MachineRefusedError ? "container_refused" : "start_failed",
    suggestedAction: "See that the image has /bin/sh and that default_user and default_workdir fit it.",
    cause: thrown,
  });
}
