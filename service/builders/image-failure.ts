import { EngineError, ImageBuildError, lineOfStep } from "pulumi-nullspace/docker";
import { BuildFailure } from "../builds/build-failure.ts";
import { engineDiskFull } from "../builds/engine-disk.ts";
import { asError } from "../errors.ts";

/** How registries say that they want (other) credentials. Builders pass their words on and have no code for it. */
export const AUTH_WORDS =
  /unauthorized|authentication required|access denied|denied: |no basic auth|401|403 Forbidden/i;

/** The registry of a base image wants credentials, or others. @param words the registry's own */
export function baseImageRefused(image: string, words: string, cause: unknown): BuildFailure {
  return new BuildFailure(`The registry refuses to give the base image ${image}: ${words}`, {
    phase: "auth",
    reason: "registry_auth_failed",
    suggestedAction: "Give credentials for the registry (base_image_auth), or check the ones given.",
    details: { image },
    cause,
  });
}

/** A base image is not there, or its registry is not. @param who has to reach the registry: `the engine` */
export function baseImageUnavailable(image: string, words: string, who: string, cause: unknown): BuildFailure {
  return new BuildFailure(`The base image ${image} is not available: ${words}`, {
    phase: "prepare",
    reason: "base_image_unavailable",
    suggestedAction: `Check the name and the tag of the base image, and that its registry can be reached from ${who}.`,
    details: { image },
    cause,
  });
}

/** The image of a template that is built on has gone. */
export function baseTemplateGone(image: string, where: string, cause?: unknown): BuildFailure {
  return new BuildFailure(`The image of the base template is no longer ${where} (${image}).`, {
    phase: "prepare",
    reason: "base_template_gone",
    suggestedAction: "Build the base template again, then this one.",
    ...(cause !== undefined && { cause }),
  });
}

/** What a failed image build was made from. */
export type FailedSource =
  | { kind: "dockerfile"; text: string }
  /** The step in words, where it is known which one failed; lines of a Dockerfile of ours would mean nothing. */
  | { kind: "steps"; step: string | undefined };

/** Why the image could not be built. @param stepIndex step that failed, from 1, where it is known */
export function imageBuildFailure(thrown: unknown, stepIndex: number | undefined, source: FailedSource): BuildFailure {
  const full = noRoomToBuild(thrown);
  if (full !== undefined) return full;
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
  return new BuildFailure(`The builder refused the build: ${asError(thrown).message}`, {
    phase: "prepare",
    reason: "engine_refused",
    suggestedAction: "Correct what the builder's message names, and build again.",
    cause: thrown,
  });
}

/** Lines of a failing command that are looked at: it says why at its end. */
const LAST_LINES = 5;

function noRoomToBuild(thrown: unknown): BuildFailure | undefined {
  const step = thrown instanceof ImageBuildError ? thrown.step : undefined;
  return engineDiskFull(wordsOf(thrown), { phase: "build_step", step, cause: thrown });
}

/** What the builder said, and the last lines of the command that failed. */
export function wordsOf(thrown: unknown): string[] {
  if (thrown instanceof ImageBuildError) return [thrown.builderMessage, ...thrown.logTail.slice(-LAST_LINES)];
  return [thrown instanceof EngineError ? thrown.engineMessage : asError(thrown).message];
}
