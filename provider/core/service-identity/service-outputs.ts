import * as z from "zod";

/** Which service a resource is of: recorded with its outputs. */
export const ServiceRecord = z
  .object({
    url: z.string().describe("Address of the service when the resource was last created or changed."),
    id: z.string().optional().describe("Id of the service, whatever its address is; absent if it reports none."),
    namespace: z
      .string()
      .optional()
      .describe("Your own namespace there: `name` and `<namespace>/name` are the same template."),
    mark: z.string().optional().describe("Mark by which the provider recognises what this resource has created there."),
  })
  .describe("The Nullspace service that a resource belongs to.")
  .meta({ id: "pulumi.ServiceRecord" });
export type ServiceRecord = z.infer<typeof ServiceRecord>;

/** The outputs that every resource has for it. */
export const ServiceOutputs = z.object({
  service: ServiceRecord.optional().describe(
    "The service that the resource belongs to. If the provider is configured for another one, previews say so, and nothing " +
      "is changed or dropped from the state.",
  ),
});

/** The record in a resource's outputs; undefined in a state of an older version. */
export function serviceOf(outputs: Readonly<Record<string, unknown>> | undefined): ServiceRecord | undefined {
  return ServiceRecord.safeParse(outputs?.service).data;
}
