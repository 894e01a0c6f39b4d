import type { Redactor } from "../../sdk/secrets/index.ts";
import type { Log } from "../core/operation-context.ts";

/** The log without secrets. */
export function redacted(log: Log, redactor: Redactor): Log {
  return (severity, message, options) => log(severity, redactor.text(message), options);
}
