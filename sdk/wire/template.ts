import * as z from "zod";
import { optionalText } from "./optional-members.ts";
import { openEnum } from "./open-enum.ts";
import { TagName, TemplateName } from "./ref.ts";
import { RuntimeDefaults } from "./runtime-defaults.ts";
import { Timestamp } from "./timestamp.ts";

/** Who may see and use a template. */
export const Visibility = z.enum(["private", "public"]);
export type Visibility = z.infer<typeof Visibility>;

/** A template as its readers see it: the artifact that a ref stands for. */
export const TemplateInfo = z
  .looseObject({
    id: z.string().default("").describe("Artifact id, tmpl_…"),
    name: z.string().default(""),
    description: z.string().default(""),
    builtin: z.boolean().default(false),
    canonical_ref: z.string().default("").describe("namespace/name, without a tag"),
    namespace_slug: z.string().default(""),
    visibility: openEnum(["private", "public"]).default("private"),
    tags: z.array(z.string()).optional().describe("Tags that point at this artifact now"),
    default_tag: optionalText,
    runtime_defaults: RuntimeDefaults.nullish(),
  })
  .meta({ id: "TemplateInfo" });
export type TemplateInfo = z.infer<typeof TemplateInfo>;

/** A tag and the build that it points at. */
export const TagInfo = z
  .looseObject({ tag: z.string(), build_id: z.string(), created_at: Timestamp })
  .meta({ id: "TagInfo" });
export type TagInfo = z.infer<typeof TagInfo>;

/** A former name that still resolves. */
export const AliasInfo = z
  .looseObject({ alias_ref: z.string().describe("namespace/old-name"), created_at: Timestamp })
  .meta({ id: "AliasInfo" });
export type AliasInfo = z.infer<typeof AliasInfo>;

/** A name reserved for a short while. */
export const NameClaim = z
  .looseObject({ claim_token: z.string(), canonical_ref: z.string(), expires_at: Timestamp })
  .meta({ id: "NameClaim" });
export type NameClaim = z.infer<typeof NameClaim>;

/** A namespace. */
export const NamespaceInfo = z
  .looseObject({
    slug: z.string(),
    kind: openEnum(["system", "user", "deployment"]),
    is_default: z.boolean().describe("Where a name without a namespace goes"),
  })
  .meta({ id: "NamespaceInfo" });
export type NamespaceInfo = z.infer<typeof NamespaceInfo>;

/** Points tags at the artifact of a ref. */
export const AssignTagsRequest = z.object({ tags: z.array(TagName).min(1) }).meta({ id: "AssignTagsRequest" });
export type AssignTagsRequest = z.infer<typeof AssignTagsRequest>;

/** Renames a logical template; the old name stays as an alias. */
export const RenameRequest = z.object({ new_name: TemplateName }).meta({ id: "RenameRequest" });
export type RenameRequest = z.infer<typeof RenameRequest>;

/** Changes who may see a template. */
export const SetVisibilityRequest = z.object({ visibility: Visibility }).meta({ id: "SetVisibilityRequest" });
export type SetVisibilityRequest = z.infer<typeof SetVisibilityRequest>;

const CLAIMED = /^(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\/)?(?!tb_|tmpl_)[a-z0-9][a-z0-9._-]{0,127}$/;

/** Reserves a name in the caller's default namespace. */
export const ClaimNameRequest = z
  .object({ template_ref: z.string().regex(CLAIMED, { error: "must be name or namespace/name, without a tag" }) })
  .meta({ id: "ClaimNameRequest" });
export type ClaimNameRequest = z.infer<typeof ClaimNameRequest>;
