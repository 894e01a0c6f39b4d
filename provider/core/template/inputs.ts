import * as z from "zod";
import { NamespaceSlug, PROGRAM_SIZE, TemplateName, Visibility } from "../../../sdk/wire/index.ts";
import { adopt } from "../ownership/adopt-input.ts";
import { ProgramTag } from "../program-tag.ts";
import { ReadinessInput } from "./readiness-input.ts";
import { RegistryAuthInput } from "./registry-auth-input.ts";
import { VariableName } from "./variable-name.ts";
import { sourceInputs } from "./source-inputs.ts";

/** Inputs of a `Template`. */
export const TemplateInputs = z.object({
  name: TemplateName.optional()
    .describe(
      "Name of the template in your namespace: one segment. Changing it renames the template in place; the old name remains " +
        "as an alias. Default: made from the resource's name, as Pulumi's automatic naming is configured.",
    )
    .meta({ effect: "update", computed: true, identity: true }),
  namespace: NamespaceSlug.optional()
    .describe(
      "Namespace of the template. It has to be that of the API key, in which the service builds everything: with a key of " +
        "another namespace nothing is built, and the preview already says so. Default: the key's own; always " +
        "present as an output.",
    )
    .meta({ effect: "replace", computed: true }),
  ...sourceInputs,
  startCmd: z
    .string()
    .min(1)
    .optional()
    .describe("Command that is started at the end of the build; machines start from that running state.")
    .meta({ effect: "rebuild", freeText: true }),
  readiness: ReadinessInput.optional()
    .describe("How to know that the start command is ready.")
    .meta({ effect: "rebuild", freeText: true }),
  vcpus: z
    .int()
    .min(1)
    .default(PROGRAM_SIZE.vcpus)
    .describe(`Virtual CPUs of the build and of machines. Default ${PROGRAM_SIZE.vcpus}.`)
    .meta({ effect: "rebuild", formerName: "cpuCount" }),
  memoryMib: z
    .int()
    .min(1)
    .default(PROGRAM_SIZE.memoryMib)
    .describe(`Memory of the build and of machines, MiB. Default ${PROGRAM_SIZE.memoryMib}.`)
    .meta({ effect: "rebuild", formerName: "memoryMb" }),
  diskMb: z
    .int()
    .min(1)
    .optional()
    .describe("Minimum size of the root filesystem, MB. Default: what the image needs plus some headroom.")
    .meta({ effect: "rebuild" }),
  internetAccess: z
    .boolean()
    .default(true)
    .describe("Whether the build may use the internet. Default true.")
    .meta({ effect: "rebuild" }),
  env: z
    .record(VariableName, z.string())
    .optional()
    .describe("Environment variables of machines.")
    .meta({ effect: "rebuild", freeText: true }),
  user: z.string().min(1).optional().describe("User that commands in machines run as.").meta({ effect: "rebuild" }),
  workdir: z
    .string()
    .min(1)
    .optional()
    .describe("Folder that commands in machines start in.")
    .meta({ effect: "rebuild" }),
  triggers: z
    .record(z.string(), z.string())
    .optional()
    .describe("Arbitrary values; a change of one means a new build.")
    .meta({ effect: "rebuild", freeText: true }),
  tags: z
    .array(ProgramTag)
    .min(1)
    .default(["default"])
    .describe("Tags that point at the newest good build of this resource. Default `default`.")
    .meta({ effect: "update", set: true }),
  visibility: Visibility.default("private")
    .describe("Who may use the template. Default `private`.")
    .meta({
      effect: "update",
      meanings: { private: "Only its own namespace.", public: "Every namespace of the service." },
    }),
  keepBuilds: z
    .int()
    .min(1)
    .optional()
    .describe(
      "How many good builds of this resource to keep, the live one among them: when a new one has gone live, older ones " +
        "that no tag points at are deleted. Default: as long as the service keeps them.",
    )
    .meta({ effect: "update" }),
  deletionPolicy: z
    .enum(["delete", "retain"])
    .default("delete")
    .describe(
      "What happens to the template when the resource is deleted: it is deleted as well, or it stays at the service with its " +
        "builds and tags. Default `delete`.",
    )
    .meta({
      effect: "update",
      meanings: {
        delete: "The template is deleted as well.",
        retain: "The template stays at the service, with its builds and tags.",
      },
    }),
  buildSecrets: z
    .record(z.string().regex(/^[A-Za-z0-9._-]+$/, { error: "must be letters, digits, '.', '_' or '-'" }), z.string())
    .optional()
    .describe(
      "Secrets by id, for `RUN --mount=type=secret`. Never stored by the service. A change does not cause a build, unless `rebuildOnSecretChange` is set.",
    )
    .meta({ effect: "update", secret: true }),
  registryAuth: z
    .array(RegistryAuthInput)
    .optional()
    .describe(
      "Credentials of the private registries that the Dockerfile or `image` names. A change does not cause a build, unless " +
        "`rebuildOnSecretChange` is set.",
    )
    .meta({ effect: "update", secret: true }),
  rebuildOnSecretChange: z
    .boolean()
    .default(false)
    .describe(
      "Whether a change of `buildSecrets` or `registryAuth` means a new build without the cache: a builder does not look at " +
        "secrets when it decides what to reuse. Default false.",
    )
    .meta({ effect: "ignore" }),
  skipCache: z
    .boolean()
    .default(false)
    .describe("Builds use no cache. A change does not cause a build. Default false.")
    .meta({ effect: "ignore" }),
  adopt: adopt("a template of this name").meta({ effect: "ignore" }),
});

/** The inputs as Check leaves them. */
export const CheckedTemplateInputs = TemplateInputs.required({ name: true });
export type TemplateInputs = z.infer<typeof CheckedTemplateInputs>;
