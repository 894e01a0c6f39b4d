import { z } from "zod";

/** Answer of the health call, which needs no key. */
export const Health = z.looseObject({ status: z.string() }).meta({ id: "Health" });
export type Health = z.infer<typeof Health>;
