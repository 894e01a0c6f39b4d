import { EngineError, ImageBuildError } from "pulumi-nullspace/docker";
import { asError } from "../../errors.ts";
import { BuildFailure } from "../build-failure.ts";

/** How a kernel names a full disk and a used-up quota; engines and builders pass it on, and have no code for it. */
const FULL_WORDS = /no space left on device|disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/i;

/** Lines of a failing command that are looked at: it says why at its end. */
const LAST_LINES = 5;

/**
 * The failure of a build whose engine has no room left, which says nothing of its definition; `undefined` when it is about
 * something else. What a command in the build says of a full disk counts too: it writes to the engine's.
 *
 * @param phase what the engine was about
 */
export function engineDiskFull(
  thrown: unknown,
  phase: "prepare" | "build_step" | "readiness",
): BuildFailure | undefined {
  const lines =
    thrown instanceof ImageBuildError
      ? [thrown.builderMessage, ...thrown.logTail.slice(-LAST_LINES)]
      : [thrown instanceof EngineError ? thrown.engineMessage : asError(thrown).message];
  const words = lines.find((line) => FULL_WORDS.test(line));
  if (words === undefined) return undefined;
  const step = thrown instanceof ImageBuildError ? thrown.step : undefined;
  return new BuildFailure(
    `Docker Engine has no room left on its disk${step === undefined ? "" : `, at ${step}`}: ${words}`,
    {
      phase,
      reason: "engine_disk_full",
      retryable: true,
      suggestedAction:
        "Make room on the disk of Docker Engine (`docker system df` shows what uses it), and retry the build.",
      details: { ...(step !== undefined && { step }) },
      cause: thrown,
    },
  );
}
