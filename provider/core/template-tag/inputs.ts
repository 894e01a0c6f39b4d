import * as z from "zod";
import { BuildId } from "../../../sdk/wire/index.ts";
import { adopt } from "../ownership/adopt-input.ts";
import { ProgramTag } from "../program-tag.ts";
import { TemplateNameRef } from "../template-name-ref.ts";

/** Inputs of a `TemplateTag`. */
export const TemplateTagInputs = z.object({
  template: TemplateNameRef.describe(
    "Template that the tag belongs to: `name` or `namespace/name`. If it changes, the tag is created on the new template " +
      "before it is removed from the old one.",
  ).meta({ effect: "update", identity: true }),
  tag: ProgramTag.describe("The tag.").meta({ effect: "replace", identity: true }),
  buildId: BuildId.describe(
    "Build that the tag points at, `tb_…`; a StackReference gives it from another stack. Changing it moves the tag in one " +
      "step, so that it is never missing.",
  ).meta({ effect: "update" }),
  expectedBuildId: BuildId.optional()
    .describe(
      "Build that the tag must point at when it is moved, such as the one that was reviewed: if someone else has moved the " +
        "tag since, the update fails and moves nothing. Changing it alone does nothing. Default: whatever is there.",
    )
    .meta({ effect: "ignore" }),
  adopt: adopt("a tag of this name").meta({ effect: "ignore" }),
});
export type TemplateTagInputs = z.infer<typeof TemplateTagInputs>;

/** What a `TemplateTag` has beside its inputs. */
export const TemplateTagOutputs = z.object({
  ref: z.string().describe("`namespace/name:tag`, to start machines and pools from."),
  templateId: z.string().describe("What the build produced, `tmpl_…`."),
  previousBuildId: z
    .string()
    .optional()
    .describe("Build that the tag pointed at before its last move, for a roll-back."),
});
export type TemplateTagOutputs = z.infer<typeof TemplateTagOutputs>;
