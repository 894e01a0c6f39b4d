import { z } from "zod";

/** Answer of the health call, which needs no key. */
export const Health = z
  .looseObject({
    status: z.string(),
    /** Which service this is, whatever it is called: the same for all its addresses, and after a restart. */
    instance_id: z.string().optional(),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof Health>;
