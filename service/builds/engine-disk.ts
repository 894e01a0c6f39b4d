import { BuildFailure, type FailurePhase } from "./build-failure.ts";

/** How a kernel names a full disk and a used-up quota; engines and builders pass it on, and have no code for it. */
const FULL_WORDS = /no space left on device|disk quota exceeded|\bENOSPC\b|\bEDQUOT\b/i;

/**
 * The failure of a build whose engine has no room left, which says nothing of its definition; `undefined` when it is about
 * something else. What a command in the build says of a full disk counts too: it writes to the engine's.
 *
 * @param lines what the engine, the builder or the failing command said
 */
export function engineDiskFull(
  lines: readonly string[],
  { phase, step, cause }: { phase: FailurePhase; step?: string | undefined; cause: unknown },
): BuildFailure | undefined {
  const words = lines.find((line) => FULL_WORDS.test(line));
  if (words === undefined) return undefined;
  return new BuildFailure(
    `The engine has no room left on its disk${step === undefined ? "" : `, at ${step}`}: ${words}`,
    {
      phase,
      reason: "engine_disk_full",
      retryable: true,
      suggestedAction: "Make room on the engine's disk (`docker system df` shows what uses it), and retry the build.",
      details: { ...(step !== undefined && { step }) },
      cause,
    },
  );
}
