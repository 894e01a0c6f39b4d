/** What an entry of a build context is. */
export type ContextEntryType = "file" | "dir" | "symlink";

/** One entry of a build context, as it is hashed and sent. */
export interface ContextEntry {
  /** Relative to the context, `/` between the segments, no leading or trailing slash. */
  readonly path: string;
  readonly type: ContextEntryType;
  /** Normalised permission bits, four octal digits: `0644`, `0755` (executable files, directories), `0777` (links). */
  readonly mode: string;
  /** Content length in bytes; 0 for directories and links. */
  readonly size: number;
  /** SHA-256 of the content, lower-case hex; files only. */
  readonly sha256?: string;
  /** Link text; symlinks only. */
  readonly target?: string;
}

/** An entry that is not sent. What is below an excluded directory is not listed, unless an exception made us look. */
export interface IgnoredEntry {
  readonly path: string;
  readonly type: ContextEntryType | "other";
  /** The rule that excludes it, `.dockerignore:3`, or `ignorePatterns[0]`. */
  readonly rule?: string;
  /** The rule's text. */
  readonly pattern?: string;
}

/** An entry that cannot be sent: a socket, a FIFO, a device. */
export interface UnsupportedEntry {
  readonly path: string;
  readonly kind: UnsupportedKind;
}

export type UnsupportedKind = "socket" | "fifo" | "device" | "unknown";

const KIND_NAMES: Readonly<Record<UnsupportedKind, string>> = {
  socket: "a socket",
  fifo: "a named pipe (FIFO)",
  device: "a device",
  unknown: "neither a file, a directory nor a link",
};

/** The kind in words, to go after "it is". */
export function unsupportedKindName(kind: UnsupportedKind): string {
  return KIND_NAMES[kind];
}
