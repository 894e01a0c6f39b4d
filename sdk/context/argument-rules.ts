import { like, options, signal } from "../arguments/index.ts";

/** A context that was read, or listed. */
export const TREE = like(
  "a build context, such as readContext gives",
  ({ table, root }) => typeof table === "object" && table !== null && typeof root === "object",
);

/** Options of the calls that take nothing but a signal. */
export const CANCELLABLE = options<{ signal: unknown }>({ signal });
