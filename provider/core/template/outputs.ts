import * as z from "zod";

/** A build that has not become the live one. */
export const BuildAttempt = z
  .object({
    buildId: z.string().describe("Id of the build, `tb_…`."),
    definition: z.string().describe("Digest of the inputs that it builds from.").meta({ secret: true }),
  })
  .describe("A build that has not become the live one (yet).")
  .meta({ id: "pulumi.BuildAttempt" });
export type BuildAttempt = z.infer<typeof BuildAttempt>;

/** What was known of a template's live build when it was imported. */
export const Imported = z
  .object({
    inputs: z
      .array(z.string())
      .describe("Inputs that the service reported: they are compared with those of the program."),
    envKeys: z
      .array(z.string())
      .optional()
      .describe("Names of the environment variables; absent if it did not report them."),
  })
  .describe("What was known about an imported template.")
  .meta({ id: "pulumi.ImportedTemplate" });
export type Imported = z.infer<typeof Imported>;

/** What a `Template` has beside its inputs. */
export const TemplateOutputs = z.object({
  canonicalRef: z.string().describe("Current `namespace/name` of the template."),
  buildId: z.string().describe("The newest good build, `tb_…`: promote this one to other stacks."),
  templateId: z.string().describe("What that build produced, `tmpl_…`."),
  status: z
    .string()
    .describe("How the newest build of this resource ended: `ready`, or why there is nothing newer than `buildId`."),
  // The service takes it over commands, arguments and variables: a short secret in one could be guessed by it.
  sourceDigest: z
    .string()
    .optional()
    .describe("The service's digest of what `buildId` was built from.")
    .meta({ secret: true }),
  contextDigest: z.string().optional().describe("The service's digest of the build context of `buildId`."),
  attempt: BuildAttempt.optional()
    .describe("The build that the next update continues with; absent if the newest one is live.")
    .meta({ secret: true }),
  imported: Imported.optional().describe(
    "What the service reported about it when it was imported; absent after the first update.",
  ),
});
export type TemplateOutputs = z.infer<typeof TemplateOutputs>;
