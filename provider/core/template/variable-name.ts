import * as z from "zod";

/** Name of an environment variable. */
export const VariableName = z.string().regex(/^[^=\u0000]+$/, { error: "must not be empty or hold '='" });
