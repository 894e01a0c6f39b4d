import * as z from "zod";
import { READINESS_DEFAULTS } from "./defaults.ts";
import { Word } from "./word.ts";

const tuning = {
  timeout_secs: z
    .number()
    .positive()
    .optional()
    .describe(`Give up after this long; default ${READINESS_DEFAULTS.timeout_secs}`),
  interval_ms: z
    .number()
    .positive()
    .optional()
    .describe(`Between two tries; default ${READINESS_DEFAULTS.interval_ms}`),
  startup_grace_secs: z
    .number()
    .min(0)
    .optional()
    .describe(
      `More time at the start, in which failures do not count; tries begin at once; default ${READINESS_DEFAULTS.startup_grace_secs}`,
    ),
};
const port = z.int().min(1).max(65_535);

/** How the service knows that the start command is ready. */
export const Readiness = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("tcp"), port, ...tuning }),
    z.object({ kind: z.literal("http"), port, path: z.string().startsWith("/"), ...tuning }),
    z.object({ kind: z.literal("command"), command: Word.min(1), ...tuning }),
    z.object({ kind: z.literal("timeout"), timeout_ms: z.int().min(0) }),
  ])
  .meta({ id: "Readiness" });
export type Readiness = z.infer<typeof Readiness>;
