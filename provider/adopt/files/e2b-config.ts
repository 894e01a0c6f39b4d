import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { SourceFileError } from "../../errors.ts";

/** An empty text counts as none. */
const text = z
  .string()
  .transform((value) => (value.trim() === "" ? undefined : value))
  .optional();

/**
 * E2B's configuration of a template, `e2b.toml`, as its command line reads it: what it does not know it leaves out. Its
 * older names `id` and `name` stand for `template_id` and `template_name`.
 *
 * @see https://github.com/e2b-dev/E2B/blob/main/packages/cli/src/config/index.ts
 */
const E2bConfig = z.object({
  template_id: text,
  template_name: text,
  dockerfile: text,
  start_cmd: text,
  ready_cmd: text,
  cpu_count: z.int().min(1).optional(),
  memory_mb: z.int().min(1).optional(),
});
export type E2bConfig = z.infer<typeof E2bConfig>;

const FORMER_NAMES = { id: "template_id", name: "template_name" } as const;

/**
 * Reads the text of an `e2b.toml`.
 *
 * @param file its path, for messages
 * @throws SourceFileError when it is no TOML, or a value is of a wrong kind
 */
export function readE2bConfig(text: string, file: string): E2bConfig {
  const table = readToml(text, file);
  for (const [former, name] of Object.entries(FORMER_NAMES)) {
    if (table[former] !== undefined && table[name] === undefined) table[name] = table[former];
  }
  const parsed = E2bConfig.safeParse(table);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SourceFileError(file, `${issue!.path.join(".")}: ${issue!.message}`, parsed.error);
}

function readToml(text: string, file: string): Record<string, unknown> {
  try {
    return { ...parse(text) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason] = error.message.split("\n");
    throw new SourceFileError(file, `line ${error.line}, column ${error.column}: ${reason}`, error);
  }
}
