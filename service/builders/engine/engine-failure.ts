import {
  EngineError,
  ImageBuildCutShortError,
  ImageBuildError,
  isEngineAway,
  lineOfStep,
} from "pulumi-nullspace/docker";
import { BuildFailure } from "../../builds/build-failure.ts";
import { engineDiskFull } from "../../builds/engine-disk.ts";
import { KILLED } from "../../engine-stop.ts";
import { engineUnavailable } from "../../drivers/docker/engine-away.ts";
import { asError, EngineUnavailableError } from "../../errors.ts";

/** How registries say that they want (other) credentials. The engine passes their words on and has no code for it. */
const AUTH_WORDS = /unauthorized|authentication required|access denied|denied: |no basic auth|401|403 Forbidden/i;
const MISSING_WORDS = /not found|manifest unknown|does not exist|no such image/i;

/** Why the base image is not available. */
export function baseImageFailure(image: string, thrown: unknown): BuildFailure | EngineUnavailableError {
  const lost = engineLost(thrown) ?? engineDiskFull(wordsOf(thrown), { phase: "prepare", cause: thrown });
  if (lost !== undefined) return lost;
  const words = thrown instanceof EngineError ? thrown.engineMessage : asError(thrown).message;
  if (AUTH_WORDS.test(words) && !MISSING_WORDS.test(words.replace(AUTH_WORDS, ""))) {
    return new BuildFailure(`The registry refuses to give the base image ${image}: ${words}`, {
      phase: "auth",
      reason: "registry_auth_failed",
      suggestedAction: "Give credentials for the registry (base_image_auth), or check the ones given.",
      details: { image },
      cause: thrown,
    });
  }
  return new BuildFailure(`The base image ${image} is not available: ${words}`, {
    phase: "prepare",
    reason: "base_image_unavailable",
    suggestedAction:
      "Check the name and the tag of the base image, and that its registry can be reached from the engine.",
    details: { image },
    cause: thrown,
  });
}

/** What a failed image build was made from. */
export type FailedSource =
  | { kind: "dockerfile"; text: string }
  /** The step in words, where it is known which one failed; lines of a Dockerfile of ours would mean nothing. */
  | { kind: "steps"; step: string | undefined };

/** Why the image could not be built. @param stepIndex step that failed, from 1, where it is known */
export function imageBuildFailure(
  thrown: unknown,
  stepIndex: number | undefined,
  source: FailedSource,
): BuildFailure | EngineUnavailableError {
  const lost = engineLost(thrown) ?? noRoomToBuild(thrown);
  if (lost !== undefined) return lost;
  if (thrown instanceof ImageBuildError) {
    const { exitCode, logTail, builderMessage } = thrown;
    const step = source.kind === "steps" ? (source.step ?? thrown.step) : thrown.step;
    const dockerfileLine =
      source.kind === "steps"
        ? undefined
        : (thrown.dockerfileLine ?? lineOfStep(source.text, thrown.step ?? "", "buildkit"));
    const where = [
      ...(step === undefined
        ? []
        : [source.kind === "steps" && stepIndex !== undefined ? `step ${stepIndex} (${step})` : step]),
      ...(dockerfileLine === undefined ? [] : [`line ${dockerfileLine}`]),
    ];
    const isAuth =
      thrown.step === undefined || /^\[internal\]|FROM /.test(thrown.step) ? AUTH_WORDS.test(builderMessage) : false;
    return new BuildFailure(
      `The build failed${where.length > 0 ? ` at ${where.join(", ")}` : ""}: ${builderMessage}` +
        (logTail.length > 0
          ? `\n${logTail
              .slice(-10)
              .map((line) => `  | ${line}`)
              .join("\n")}`
          : ""),
      {
        phase: isAuth ? "auth" : "build_step",
        reason: isAuth ? "registry_auth_failed" : exitCode !== undefined ? "command_failed" : "step_failed",
        suggestedAction: isAuth
          ? "Give credentials for the registry (base_image_auth or registry_auth), or check the ones given."
          : "See the last lines of the failing step, correct it, and build again.",
        ...(stepIndex !== undefined && { stepIndex }),
        details: {
          ...(step !== undefined && { step }),
          ...(dockerfileLine !== undefined && { dockerfile_line: dockerfileLine }),
          ...(exitCode !== undefined && { exit_code: exitCode }),
          log_tail: logTail.slice(-20),
        },
        cause: thrown,
      },
    );
  }
  return new BuildFailure(`The engine refused the build: ${asError(thrown).message}`, {
    phase: "prepare",
    reason: "engine_refused",
    suggestedAction: "Correct what the engine's message names, and build again.",
    cause: thrown,
  });
}

/** Lines of a failing command that are looked at: it says why at its end. */
const LAST_LINES = 5;

function noRoomToBuild(thrown: unknown): BuildFailure | undefined {
  const step = thrown instanceof ImageBuildError ? thrown.step : undefined;
  return engineDiskFull(wordsOf(thrown), { phase: "build_step", step, cause: thrown });
}

function wordsOf(thrown: unknown): string[] {
  if (thrown instanceof ImageBuildError) return [thrown.builderMessage, ...thrown.logTail.slice(-LAST_LINES)];
  return [thrown instanceof EngineError ? thrown.engineMessage : asError(thrown).message];
}

/** The engine went away: nothing is wrong with the definition, so the build may simply be run again. */
export function engineLost(thrown: unknown): EngineUnavailableError | undefined {
  if (thrown instanceof EngineUnavailableError) return thrown;
  if (isEngineAway(thrown)) return engineUnavailable(thrown);
  if (thrown instanceof ImageBuildCutShortError) return new EngineUnavailableError(thrown.message, { cause: thrown });
  return undefined;
}

/**
 * Could the failure be that of an engine which is being stopped? It kills what runs, cancels what it builds, and takes the
 * files of steps that begin from under them, before it closes its connections.
 */
export function mayBeEngineStop(thrown: unknown): boolean {
  const cause = thrown instanceof BuildFailure ? thrown.cause : thrown;
  if (!(cause instanceof ImageBuildError)) return false;
  if (wordsOf(cause).some((words) => NOT_STARTED_WORDS.test(words))) return true;
  return cause.exitCode === undefined ? STOPPED_WORDS.test(cause.builderMessage) : KILLED.has(cause.exitCode);
}

/** How builders tell that their own work was cancelled. They have no code for it. */
const STOPPED_WORDS =
  /context canceled|code = (?:Canceled|Unavailable)|transport is closing|unexpected EOF|shutting down/i;

/** How runc tells that the command of a step could not even be started: an image without a shell, or without its files. */
const NOT_STARTED_WORDS = /unable to start container process|runc (?:run|create) failed/i;
