import { InvalidArgumentError } from "../../sdk/client/errors.ts";
import { ContextError } from "../../sdk/context/errors.ts";
import { DockerOptionError, ImageRefError } from "../../sdk/docker/errors.ts";
import { NullspaceError } from "../../sdk/errors.ts";
import { TemplateRefError } from "../../sdk/wire/errors.ts";
import { FilesExistError, PatternError, SourceFileError } from "../../provider/errors.ts";
import { UsageError } from "./errors.ts";
import { EXIT } from "./exit-codes.ts";

/** What a failed command prints as its last line on standard error. */
export interface ErrorDocument {
  error: { code: string; message: string };
}

/** The machine-readable form of any error. */
export function errorDocument(error: unknown): ErrorDocument {
  if (error instanceof NullspaceError) return { error: { code: error.code, message: error.message } };
  if (isAbort(error)) return { error: { code: "interrupted", message: "Interrupted." } };
  const message = error instanceof Error ? error.message : String(error);
  return { error: { code: "unexpected", message } };
}

/** Errors that say that the input is wrong, whatever the engine or the service might think of it. */
const BAD_INPUT = [
  UsageError,
  ContextError,
  DockerOptionError,
  ImageRefError,
  InvalidArgumentError,
  TemplateRefError,
  FilesExistError,
  PatternError,
  SourceFileError,
];

/** The exit code that an error leads to. */
export function exitCodeOf(error: unknown): number {
  if (BAD_INPUT.some((type) => error instanceof type)) return EXIT.badInput;
  return isAbort(error) ? EXIT.interrupted : EXIT.failed;
}

/**
 * Reports `error` and returns the exit code. In every mode the last line on standard error is one JSON object,
 * `{"error":{"code","message"}}`, so that a script never has to guess; a terminal gets the plain message before it.
 */
export function fail(error: unknown, stderr: NodeJS.WriteStream = process.stderr): number {
  const document = errorDocument(error);
  if (stderr.isTTY) stderr.write(`error: ${document.error.message}\n`);
  stderr.write(`${JSON.stringify(document)}\n`);
  return exitCodeOf(error);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
