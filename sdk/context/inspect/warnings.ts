import { check, oneOf } from "../../arguments/index.ts";
import { TREE } from "../argument-rules.ts";
import type { BuildContext } from "../build-context.ts";
import { unsupportedKindName } from "../entry.ts";
import type { IgnoreSyntax } from "../ignore/rule.ts";
import { ignoreLine } from "../walk/directory-weights.ts";

/** Why an entry is worth a look before it is sent. */
export type WarningReason = "likely_accidental_include" | "likely_secret_file" | "unsupported_entry";

/** Something in a context that its author may not have meant to send. */
export interface ContextWarning {
  readonly path: string;
  readonly reason: WarningReason;
  readonly message: string;
  /** The line to add to the ignore file. */
  readonly ignoreLine: string;
}

// The names that the service's own client warns about, so that both say the same of one context.
const BULKY_DIRECTORIES = new Set(
  ".git .hg .svn .venv venv node_modules .local dist build target .cache __pycache__".split(" "),
);
const SECRET_NAMES = new Set(".env .env.local .envrc id_rsa id_dsa id_ecdsa id_ed25519".split(" "));
const SECRET_SUFFIXES = [".pem", ".key", ".p12", ".pfx"];

const SYNTAX = oneOf("docker", "gitignore");

/**
 * What to look at before the context is sent, sorted by path. Only the outermost of nested bulky directories is named.
 *
 * @example
 * ```ts
 * const context = await readContext({ dir: "./app" });
 * for (const { message, ignoreLine } of contextWarnings(context)) console.warn(`${message} Ignore it: ${ignoreLine}`);
 * ```
 */
export function contextWarnings(context: BuildContext, syntax: IgnoreSyntax = "docker"): ContextWarning[] {
  check("contextWarnings", { context: TREE, syntax: SYNTAX }, { context, syntax });
  const warnings: ContextWarning[] = [];
  const warn = (path: string, reason: WarningReason, what: string) =>
    warnings.push({ path, reason, message: `${path} ${what}`, ignoreLine: ignoreLine(path, syntax) });
  let bulky: string | undefined;
  for (const { path, type } of context.each()) {
    const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
    if (bulky !== undefined && path.startsWith(bulky)) continue;
    if (type === "dir" && BULKY_DIRECTORIES.has(name)) {
      bulky = `${path}/`;
      warn(path, "likely_accidental_include", "is sent; it is usually made again in the image");
    } else if (type === "file" && isSecretName(name)) {
      warn(path, "likely_secret_file", "looks like a secret; whoever gets the image can read it");
    }
  }
  for (const { path, kind } of context.unsupported)
    warn(path, "unsupported_entry", `is left out: it is ${unsupportedKindName(kind)}`);
  return warnings.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function isSecretName(name: string): boolean {
  return SECRET_NAMES.has(name) || name.startsWith(".env.") || SECRET_SUFFIXES.some((suffix) => name.endsWith(suffix));
}
