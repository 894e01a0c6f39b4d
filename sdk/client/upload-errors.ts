import { markError } from "../errors.ts";
import { ApiError, type ApiErrorOptions } from "./errors.ts";

/** Why an upload failed, where the service says it in the form of uploads to machines and volumes. */
export interface UploadFailure {
  /** Stable reason, such as `size_limit_exceeded`. */
  reason: string;
  message?: string | undefined;
  uploadId?: string | undefined;
  path?: string | undefined;
  /** From 1. */
  partNumber?: number | undefined;
  details?: Record<string, unknown> | undefined;
}

/** A file was refused. The sub-class says in which way, where the service names an upload's reason. */
export class FileUploadError extends ApiError {
  static {
    markError(this, "FileUploadError");
  }

  /** Absent for a file of a build context: see `detail`. */
  readonly upload: UploadFailure | undefined;

  constructor(message: string, options: ApiErrorOptions & { upload?: UploadFailure | undefined }) {
    super(message, options);
    this.upload = options.upload;
  }
}

/** It is too large, or there is no room for it. */
export class UploadLimitError extends FileUploadError {
  static {
    markError(this, "UploadLimitError");
  }
}
/** What arrived is not what its checksum says. */
export class UploadChecksumError extends FileUploadError {
  static {
    markError(this, "UploadChecksumError");
  }
}
/** Something else is at its target. */
export class UploadConflictError extends FileUploadError {
  static {
    markError(this, "UploadConflictError");
  }
}
/** The upload was begun too long ago. */
export class UploadExpiredError extends FileUploadError {
  static {
    markError(this, "UploadExpiredError");
  }
}
/** A path of the archive cannot be unpacked. */
export class UploadPathError extends FileUploadError {
  static {
    markError(this, "UploadPathError");
  }
}
/** The upload is not in the state that the call needs: parts are missing, or it is over. */
export class UploadStateError extends FileUploadError {
  static {
    markError(this, "UploadStateError");
  }
}

const CLASSES: Readonly<Record<string, typeof FileUploadError>> = {
  insufficient_staging_space: UploadLimitError,
  size_limit_exceeded: UploadLimitError,
  invalid_part_checksum: UploadChecksumError,
  whole_checksum_mismatch: UploadChecksumError,
  target_conflict: UploadConflictError,
  upload_expired: UploadExpiredError,
  missing_parts: UploadStateError,
  part_out_of_range: UploadStateError,
  part_size_mismatch: UploadStateError,
  upload_aborted: UploadStateError,
  upload_already_completed: UploadStateError,
};

/** Class of an upload's error by its reason. */
export function uploadErrorClass(reason: string | undefined): typeof FileUploadError {
  if (reason?.startsWith("directory_extract_")) return UploadPathError;
  // An own member: `constructor` is no reason.
  return reason !== undefined && Object.hasOwn(CLASSES, reason) ? CLASSES[reason]! : FileUploadError;
}

/** The upload's failure in an error's detail; undefined when the detail is of another form. */
export function readUploadFailure(detail: unknown): UploadFailure | undefined {
  if (typeof detail !== "object" || detail === null || !("reason" in detail)) return undefined;
  const members = detail as Record<string, unknown>;
  if (typeof members.reason !== "string") return undefined;
  const details = members.details;
  return {
    reason: members.reason,
    ...(typeof members.message === "string" && { message: members.message }),
    ...(typeof members.upload_id === "string" && { uploadId: members.upload_id }),
    ...(typeof members.path === "string" && { path: members.path }),
    ...(typeof members.part_number === "number" && { partNumber: members.part_number }),
    ...(typeof details === "object" && details !== null && { details: details as Record<string, unknown> }),
  };
}
