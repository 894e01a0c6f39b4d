import { EngineError, ImageBuildCutShortError, ImageBuildError, isEngineAway } from "pulumi-nullspace/docker";
import { BuildFailure } from "../../builds/build-failure.ts";
import { engineDiskFull } from "../../builds/engine-disk.ts";
import { KILLED } from "../../engine-stop.ts";
import { engineUnavailable } from "../../drivers/docker/engine-away.ts";
import { asError, EngineUnavailableError } from "../../errors.ts";
import { AUTH_WORDS, baseImageRefused, baseImageUnavailable, wordsOf } from "../image-failure.ts";

const MISSING_WORDS = /not found|manifest unknown|does not exist|no such image/i;

/** Why the base image is not available. */
export function baseImageFailure(image: string, thrown: unknown): BuildFailure | EngineUnavailableError {
  const lost = engineLost(thrown) ?? engineDiskFull(wordsOf(thrown), { phase: "prepare", cause: thrown });
  if (lost !== undefined) return lost;
  const words = thrown instanceof EngineError ? thrown.engineMessage : asError(thrown).message;
  const isAuth = AUTH_WORDS.test(words) && !MISSING_WORDS.test(words.replace(AUTH_WORDS, ""));
  return isAuth ? baseImageRefused(image, words, thrown) : baseImageUnavailable(image, words, "the engine", thrown);
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
