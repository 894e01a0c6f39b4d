/** What a context may weigh. A context over a limit is almost always a forgotten ignore line. */
export interface ContextLimits {
  /** Files and links. Default 300,000. */
  files?: number;
  /** Bytes of all files together. Default 16 GiB. */
  bytes?: number;
  /** Bytes of one file. Default 8 GiB. */
  fileBytes?: number;
}

const GIB = 1024 ** 3;

export const DEFAULT_LIMITS: Readonly<Required<ContextLimits>> = {
  files: 300_000,
  bytes: 16 * GIB,
  fileBytes: 8 * GIB,
};

/** The limits in force: those given, the defaults for the rest. */
export function resolveLimits(limits: ContextLimits = {}): Required<ContextLimits> {
  return {
    files: limits.files ?? DEFAULT_LIMITS.files,
    bytes: limits.bytes ?? DEFAULT_LIMITS.bytes,
    fileBytes: limits.fileBytes ?? DEFAULT_LIMITS.fileBytes,
  };
}
