import { type UnsupportedKind, unsupportedKindName } from "../entry.ts";
import { ContextError } from "../errors.ts";

const IGNORE_IT = "Add it to the ignore file";

/** A socket, FIFO or device. Reading one could wait for ever, and no builder can use it. */
export function notSendable(path: string, kind: UnsupportedKind): ContextError {
  return new ContextError(
    "unsupported_entry",
    `${path} is ${unsupportedKindName(kind)}: it cannot be sent. ${IGNORE_IT}, or remove it.`,
    {
      path,
    },
  );
}

export function nameNotUtf8(path: string): ContextError {
  return new ContextError(
    "name_not_utf8",
    `The name ${path} is not valid UTF-8, so it can neither be written down nor sent. Rename it, or ignore its directory.`,
    { path },
  );
}

export function nameReserved(path: string): ContextError {
  return new ContextError(
    "name_reserved",
    `${path} is the name under which a Dockerfile from outside the context is sent. Rename the file, or ignore it.`,
    { path },
  );
}

export function linkRefused(path: string): ContextError {
  return new ContextError(
    "symlink_not_supported",
    `${path} is a symbolic link, which this service does not take. Set symlinks: "copy" to send what it points at ` +
      `or "skip" to leave links out, replace it by a file, or ignore it.`,
    { path },
  );
}

/** A link came to lead out of the context after it had been found to stay inside. */
export function linkLeft(path: string): ContextError {
  return fileChanged(path, "started to point outside the context");
}

/** The tree or file was not the same from the beginning to the end of reading it. */
export function fileChanged(path: string, what: string, cause?: unknown): ContextError {
  return new ContextError(
    "file_changed",
    `${path} ${what} while the context was being read. Try again when nothing writes to it, or ignore it.`,
    { path, cause },
  );
}

/** What a failed system call on an entry means. Any other error is returned as it is. */
export function fromSystemError(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error) || !("code" in error)) return error;
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
      return fileChanged(path, "vanished", error);
    case "ELOOP":
      return fileChanged(path, "was replaced by a link", error);
    case "EACCES":
    case "EPERM":
      return unreadable(path, "permission denied. Change its permissions, or ignore it", error);
    case "ENAMETOOLONG":
      return unreadable(path, "its path is longer than the system can open. Move the context up, or ignore it", error);
    default:
      return unreadable(path, `${error.message}. Repair it, or ignore it`, error);
  }
}

function unreadable(path: string, reason: string, cause: Error): ContextError {
  return new ContextError("unreadable", `${path} cannot be read: ${reason}.`, { path, cause });
}
