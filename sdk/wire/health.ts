import * as z from "zod";
import { ErrorEnvelope } from "./error.ts";

/** Answer of the health call, which needs no key. */
export const Health = z
  .looseObject({
    status: z.string(),
    /** Which service this is, whatever it is called: the same for all its addresses, and after a restart. */
    instance_id: z.string().optional(),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof Health>;

const Check = z.looseObject({
  status: z.enum(["ok", "fail"]),
  message: z.string().describe("Text for people"),
});

const Checks = z
  .looseObject({
    engine: Check.optional().describe("Docker Engine, where it builds or runs machines"),
    builders: Check.optional().describe("BuildKit daemons, where they build"),
    registry: Check.optional().describe("Where images are kept, if not on the engine"),
    machines: Check.optional().describe("What runs machines, if not the engine"),
    store: Check,
    disk: Check,
  })
  .meta({ id: "ReadinessChecks", description: "What a service needs, each with its word" });

/** Answer of the readiness call of a service that has all that it needs. */
export const ServiceReadiness = z
  .looseObject({ status: z.literal("ready"), checks: Checks })
  .meta({ id: "ServiceReadiness" });
export type ServiceReadiness = z.infer<typeof ServiceReadiness>;

/** Answer of the readiness call of a service that does not: an error like every other, with the checks. */
export const NotReady = ErrorEnvelope.extend({ status: z.literal("not_ready"), checks: Checks }).meta({
  id: "NotReady",
});
export type NotReady = z.infer<typeof NotReady>;
