import { z } from "zod";
import { Word } from "./word.ts";

const tuning = {
  timeout_secs: z.number().positive().optional().describe("Give up after this long; default 30"),
  interval_ms: z.number().positive().optional().describe("Between two tries; default 500"),
  startup_grace_secs: z
    .number()
    .min(0)
    .optional()
    .describe("More time at the start, in which failures do not count; tries begin at once; default 2"),
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
