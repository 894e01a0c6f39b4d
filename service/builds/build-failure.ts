import { NullspaceError } from "pulumi-nullspace/sdk";
import { Redactor } from "pulumi-nullspace/secrets";
import { type TemplateFailureDetail } from "pulumi-nullspace/wire";

/** Where a build failed, as the contract's `TemplateFailureDetail.phase` spells it. */
export type FailurePhase =
  | "auth"
  | "preflight"
  | "blob_upload"
  | "prepare"
  | "build_step"
  | "readiness"
  | "snapshot"
  | "finalize"
  | "interrupted";

/** Facts of a {@link BuildFailure}. */
export interface BuildFailureOptions {
  phase: FailurePhase;
  /** Stable machine word: the member `details.reason`. */
  reason: string;
  suggestedAction: string;
  /**
   * `TemplateFailureDetail.code`. A registry that refuses is a `build_error` too: `unauthorized` is what this service
   * says of the caller's own key, and clients raise another error for it.
   *
   * @default "build_error"
   */
  code?: "build_error" | "file_upload_error" | "internal_error";
  /**
   * Whether the same build may succeed later.
   *
   * @default false
   */
  retryable?: boolean;
  /** Which step of the definition, from 1. */
  stepIndex?: number;
  /** Further facts. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** An accepted build failed: it becomes the terminal entry of its log, never an HTTP error. */
export class BuildFailure extends NullspaceError {
  readonly phase: FailurePhase;
  readonly reason: string;
  readonly suggestedAction: string;
  readonly retryable: boolean;
  readonly stepIndex: number | undefined;
  readonly details: Record<string, unknown>;

  constructor(message: string, options: BuildFailureOptions) {
    super(message, { code: options.code ?? "build_error", cause: options.cause });
    this.phase = options.phase;
    this.reason = options.reason;
    this.suggestedAction = options.suggestedAction;
    this.retryable = options.retryable ?? false;
    this.stepIndex = options.stepIndex;
    this.details = options.details ?? {};
  }
}

/**
 * The failure as the wire shows it.
 *
 * @param redactor takes the secrets of the build out; default: it has none
 */
export function failureDetail(
  failure: BuildFailure,
  buildId: string,
  redactor: Redactor = new Redactor([]),
): TemplateFailureDetail {
  return {
    code: failure.code,
    message: redactor.text(failure.message),
    phase: failure.phase,
    retryable: failure.retryable,
    suggested_action: failure.suggestedAction,
    ...(failure.stepIndex !== undefined && { step_index: failure.stepIndex }),
    build_id: buildId,
    details: { reason: failure.reason, ...redactor.value(failure.details) },
  };
}
