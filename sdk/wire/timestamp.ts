import * as z from "zod";

/** A moment as RFC 3339 text, any fraction length, `Z` or an offset. */
export const Timestamp = z.string().meta({ format: "date-time" });
export type Timestamp = z.infer<typeof Timestamp>;
