/** What a context may weigh. A context over a limit is almost always a forgotten ignore line. */
export interface ContextLimits {
  /**
   * Files, links and directories.
   *
   * @default no limit
   */
  entries?: number;
  /**
   * Files and links.
   *
   * @default 300_000
   */
  files?: number;
  /**
   * Bytes of all files together.
   *
   * @default 16 GiB
   */
  bytes?: number;
  /**
   * Bytes of one file.
   *
   * @default 8 GiB
   */
  fileBytes?: number;
  /**
   * Who sets the limits, for messages: `the service`.
   *
   * @default whoever reads the context, who may raise them
   */
  setBy?: string;
}

/** Limits in force. */
export type ResolvedLimits = Required<Omit<ContextLimits, "setBy">> & Pick<ContextLimits, "setBy">;

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export const DEFAULT_LIMITS: Readonly<ResolvedLimits> = {
  entries: Number.POSITIVE_INFINITY,
  files: 300_000,
  bytes: 16 * GIB,
  fileBytes: 8 * GIB,
};

/** What a Nullspace service takes of one build context. A build on Docker Engine has no such limits. */
export const SERVICE_CONTEXT_LIMITS = {
  entries: 20_000,
  bytes: 2 * GIB,
  fileBytes: 512 * MIB,
  setBy: "the service",
} as const satisfies ContextLimits;

/** The limits in force: those given, the defaults for the rest. */
export function resolveLimits(limits: ContextLimits = {}): ResolvedLimits {
  return {
    entries: limits.entries ?? DEFAULT_LIMITS.entries,
    files: limits.files ?? DEFAULT_LIMITS.files,
    bytes: limits.bytes ?? DEFAULT_LIMITS.bytes,
    fileBytes: limits.fileBytes ?? DEFAULT_LIMITS.fileBytes,
    ...(limits.setBy === undefined ? {} : { setBy: limits.setBy }),
  };
}

/** Whose limit it is, for a message: the option that raises it, or who sets it. */
export function limitOrigin({ setBy }: ResolvedLimits, option: Exclude<keyof ContextLimits, "setBy">): string {
  return setBy === undefined ? ` (limits.${option})` : `, the most that ${setBy} takes`;
}
