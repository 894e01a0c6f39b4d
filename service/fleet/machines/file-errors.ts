import { ResourceNotFoundError, ServiceError } from "../../errors.ts";

/** 404 `file_not_found`: the machine has no file or folder of that path. */
export class FileNotFoundError extends ResourceNotFoundError {
  constructor(path: string) {
    super("file_not_found", `There is no "${path}" in the machine.`);
  }
}

/** 400 `file_error`: the file is there, or could be, and this cannot be done with it. */
export class FileError extends ServiceError {
  constructor(message: string, suggestedAction?: string) {
    super(message, {
      code: "file_error",
      status: 400,
      retryable: false,
      ...(suggestedAction !== undefined && { suggestedAction }),
    });
  }
}

/** 501 `not_implemented`: the image lacks the programs that files are worked on with. */
export class FileToolsMissingError extends ServiceError {
  constructor(what: string) {
    super(`The image of this machine has no ${what}, which the local service needs to work on files.`, {
      code: "not_implemented",
      status: 501,
      retryable: false,
      suggestedAction: "Use a template whose image has busybox or the GNU tools.",
    });
  }
}
