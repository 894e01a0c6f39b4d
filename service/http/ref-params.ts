import * as z from "zod";

/**
 * The two paths of a call on a ref: the one that takes any ref as one encoded segment, and its older twin for ids and
 * refs without a slash.
 */
export function refPaths(suffix: string): [string, string] {
  return [`/v1/templates/refs/:ref${suffix}`, `/v1/templates/:ref${suffix}`];
}

/** The ref of a path, decoded. */
export const RefParams = z.object({ ref: z.string().min(1).describe("Template reference, percent-encoded") });

/** The build of a path. */
export const BuildParams = z.object({ build_id: z.string().min(1) });
