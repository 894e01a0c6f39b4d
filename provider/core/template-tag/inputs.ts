import { z } from "zod";
import { BuildId } from "../../../sdk/wire/index.ts";
import { adopt } from "../ownership/adopt-input.ts";
import { ProgramTag } from "../program-tag.ts";
import { TemplateNameRef } from "../template-name-ref.ts";

/** Inputs of a `TemplateTag`. */
export const TemplateTagInputs = z.object({
  template: TemplateNameRef.describe(
    "Template that the tag belongs to: `name` or `namespace/name`. When it is another template, the tag is made there " +
      "before it is removed here.",
  ).meta({ effect: "update", identity: true }),
  tag: ProgramTag.describe("The tag.").meta({ effect: "replace", identity: true }),
  buildId: BuildId.describe(
    "Build that the tag points at, `tb_…`; from another stack it comes through a StackReference. Changing it moves the " +
      "tag in one step: nobody ever sees it missing.",
  ).meta({ effect: "update" }),
  expectedBuildId: BuildId.optional()
    .describe(
      "Build that the tag must point at when it is moved, such as the one that was reviewed: if somebody else has moved it " +
        "since, the update fails and moves nothing. Changing it alone does nothing. Default: whatever is there.",
    )
    .meta({ effect: "ignore" }),
  adopt: adopt("a tag of this name").meta({ effect: "ignore" }),
});
export type TemplateTagInputs = z.infer<typeof TemplateTagInputs>;

/** What a `TemplateTag` has beside its inputs. */
export const TemplateTagOutputs = z.object({
  ref: z.string().describe("`namespace/name:tag`, to start machines and pools from."),
  templateId: z.string().describe("What the build made, `tmpl_…`."),
  previousBuildId: z
    .string()
    .optional()
    .describe("Build that the tag pointed at before its last move, for a way back."),
});
export type TemplateTagOutputs = z.infer<typeof TemplateTagOutputs>;
