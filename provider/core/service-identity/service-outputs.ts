import { z } from "zod";

/** Which service a resource is of: recorded with its outputs. */
export const ServiceRecord = z
  .object({
    url: z.string().describe("Address of the service when the resource was last made or changed."),
    id: z
      .string()
      .optional()
      .describe("What the service calls itself, whatever its address; absent where it does not tell."),
    namespace: z
      .string()
      .optional()
      .describe("Your own namespace there: `name` and `<namespace>/name` are the same template."),
    mark: z.string().optional().describe("By what the provider knows there what this resource has made."),
  })
  .describe("The Nullspace service that a resource is of.")
  .meta({ id: "pulumi.ServiceRecord" });
export type ServiceRecord = z.infer<typeof ServiceRecord>;

/** The outputs that every resource has for it. */
export const ServiceOutputs = z.object({
  service: ServiceRecord.optional().describe(
    "The service that the resource is of. With a provider that is set to another one, previews say so, and nothing is " +
      "changed or dropped.",
  ),
});

/** The record in a resource's outputs; undefined in a state of an older version. */
export function serviceOf(outputs: Readonly<Record<string, unknown>> | undefined): ServiceRecord | undefined {
  return ServiceRecord.safeParse(outputs?.service).data;
}
