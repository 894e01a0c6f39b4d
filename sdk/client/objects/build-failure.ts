import type { TemplateBuild } from "../../wire/build.ts";
import type { BuilderStep } from "../../template/index.ts";
import { apiError } from "../error-response.ts";
import { BuildError, type ApiError } from "../errors.ts";

/**
 * The error that a build ended with.
 *
 * @param steps of the builder, when the program that waits is the one that wrote them: the message then points at the
 *   line that added the step that failed
 * @returns undefined unless the build's status is `error`
 */
export function buildFailure(build: TemplateBuild, steps: readonly BuilderStep[] = []): ApiError | undefined {
  if (build.status !== "error") return undefined;
  const detail = build.error_detail ?? undefined;
  const index = detail?.step_index ?? undefined;
  const failed = index === undefined ? undefined : steps[index - 1];
  const where =
    failed?.addedAt === undefined ? "" : ` Step ${index} (${failed.step.action}) was added at ${failed.addedAt}.`;
  const reason = detail?.message ?? build.error ?? "the service gave no reason";
  return apiError({
    what: `build ${build.name} (${build.build_id})`,
    text: `${reason}${/[.!?]$/.test(reason) || where === "" ? "" : "."}${where}`,
    credentials: [],
    code: detail?.code ?? "build_error",
    detail,
    requestId: detail?.request_id ?? undefined,
  });
}

/** The error of a foreground build that someone cancelled. */
export function buildCancelled(build: TemplateBuild): BuildError {
  const why = build.cancellation_reason ? `: ${build.cancellation_reason}` : "";
  return new BuildError(`Build ${build.build_id} of ${build.name} was cancelled${why}`, { code: "build_cancelled" });
}
