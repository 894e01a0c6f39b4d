import { z } from "zod";

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
