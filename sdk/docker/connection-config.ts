import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { DockerOptionError } from "./errors.ts";
import { http } from "./node-http.ts";

const HeaderName = z
  .string()
  .refine(passes(http.validateHeaderName), "Expected a header's name")
  .transform((name) => name.toLowerCase());
const HeaderValue = z.string().refine(
  passes((value) => http.validateHeaderValue("value", value)),
  "Expected a header's value",
);
const ConfigFile = z.looseObject({
  currentContext: z.string().nullish(),
  HttpHeaders: z.record(HeaderName, HeaderValue).nullish(),
});

/** What Docker's `config.json` says of the way to an engine. */
export interface ConnectionConfig {
  /** The context that `docker context use` chose. */
  currentContext?: string | undefined;
  /** Headers for every request to an engine, by lower-case name. */
  httpHeaders: Record<string, string>;
}

/**
 * Reads what has to be known before the first request. The rest of the file is `DockerConfig`'s, which reads it again each
 * time.
 *
 * @throws DockerOptionError when the file cannot be read, or is not what Docker writes
 */
export function readConnectionConfig(configDir: string): ConnectionConfig {
  const file = join(configDir, "config.json");
  const text = readText(file);
  if (text === undefined) return { httpHeaders: {} };
  const parsed = ConfigFile.safeParse(parseJson(text, file));
  if (!parsed.success) {
    throw new DockerOptionError(
      "configDir",
      `Docker's configuration file ${file} is not valid: ${z.prettifyError(parsed.error)}`,
    );
  }
  const { currentContext, HttpHeaders } = parsed.data;
  return { currentContext: currentContext ?? undefined, httpHeaders: HttpHeaders ?? {} };
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    // No file is the usual case.
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw new DockerOptionError("configDir", `Cannot read Docker's configuration file ${file}.`, cause);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the file, which may hold passwords.
    throw new DockerOptionError(
      "configDir",
      `Docker's configuration file ${file} is not JSON. Correct it, or remove it.`,
    );
  }
}

/** Node's checks throw. */
function passes(check: (text: string) => void): (text: string) => boolean {
  return (text) => {
    try {
      check(text);
      return true;
    } catch {
      return false;
    }
  };
}
