import * as z from "zod";
import { LINE, SHELL_NAME } from "./word-patterns.ts";

/** What a process gets as one argument, variable or path. The kernel would end it at a NUL. */
export const Word = z.string().regex(/^[^\u0000]*$/, { error: "must not hold a NUL character" });
export type Word = z.infer<typeof Word>;

const NAME_RULE = "must be named by characters other than '=' and NUL, at least one";

/** Variables of a process. */
export const Env = z.record(z.string().regex(/^[^=\u0000]+$/), Word, {
  // Of a name, zod says only that it is invalid.
  error: ({ code }) => (code === "invalid_key" ? NAME_RULE : undefined),
});
export type Env = z.infer<typeof Env>;

/** What an instruction of a Dockerfile names, such as a user: a line break would end the instruction. */
export const Line = Word.regex(LINE, {
  error: "must be one line, without control characters",
});
export type Line = z.infer<typeof Line>;

const SHELL_NAME_RULE = "must be named by letters, digits and underscores, and not begin with a digit";

/** Variables that a shell sets (POSIX, "Name"): it has no way to write another name. */
export const ShellEnv = z.record(z.string().regex(SHELL_NAME), Word, {
  error: ({ code }) => (code === "invalid_key" ? SHELL_NAME_RULE : undefined),
});
export type ShellEnv = z.infer<typeof ShellEnv>;
