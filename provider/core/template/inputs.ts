import { z } from "zod";
import { TemplateName, Visibility } from "../../../sdk/wire/index.ts";
import { adopt } from "../ownership/adopt-input.ts";
import { ProgramTag } from "../program-tag.ts";
import { ReadinessInput } from "./readiness-input.ts";
import { RegistryAuthInput } from "./registry-auth-input.ts";

/** Inputs of a `Template`. */
export const TemplateInputs = z.object({
  name: TemplateName.describe(
    "Name of the template in your namespace: one segment. Changing it renames the template in place; the old name stays " +
      "behind as an alias.",
  ).meta({ effect: "update", identity: true }),
  // Where the content is: contextHash says what it is.
  context: z
    .string()
    .min(1)
    .default(".")
    .describe("Folder of the build context, relative to the program's folder. Default `.`.")
    .meta({ effect: "ignore" }),
  dockerfile: z
    .string()
    .min(1)
    .optional()
    .describe("Path of the Dockerfile, relative to the context; it may lie outside. Default `Dockerfile`.")
    .meta({ effect: "ignore" }),
  dockerfileContent: z
    .string()
    .min(1)
    .optional()
    .describe("Text of the Dockerfile, in place of a file.")
    .meta({ effect: "ignore" }),
  ignoreSyntax: z
    .enum(["docker", "gitignore"])
    .default("docker")
    .describe("How the ignore file is read: with Docker's rules or with Git's. Default `docker`.")
    .meta({ effect: "ignore" }),
  ignorePatterns: z
    .array(z.string())
    .optional()
    .describe("More ignore patterns, after those of the ignore file.")
    .meta({ effect: "ignore" }),
  symlinks: z
    .enum(["error", "copy"])
    .default("error")
    .describe(
      "What to do with a symbolic link in the context, which the service cannot hold: refuse it, or send what it points " +
        "at. Default `error`.",
    )
    .meta({ effect: "ignore" }),
  contextHash: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Content hash of the build context, Dockerfile included: a new one means a new build. Computed from the files when " +
        "it is not given; pin it with the option `ignoreChanges`. The first update after an import takes the files that " +
        "are there for those that the template was built from.",
    )
    .meta({ effect: "rebuild", computed: true }),
  // Shown when contextHash changes, never a reason of its own: the hash may be pinned.
  contextFiles: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      "Short digests of the files behind `contextHash`, by path, so that a preview names what changed. Computed; large " +
        "contexts are folded into folders.",
    )
    .meta({ effect: "ignore" }),
  buildArgs: z
    .record(z.string(), z.string())
    .optional()
    .describe("Values of the Dockerfile's `ARG`s. The service stores them: no place for a secret.")
    .meta({ effect: "rebuild" }),
  target: z
    .string()
    .min(1)
    .optional()
    .describe("Stage of the Dockerfile to build. Default: the last.")
    .meta({ effect: "rebuild" }),
  startCmd: z
    .string()
    .min(1)
    .optional()
    .describe("Command that is started at the end of the build; machines begin from that running state.")
    .meta({ effect: "rebuild" }),
  readiness: ReadinessInput.optional()
    .describe("How to know that the start command is ready.")
    .meta({ effect: "rebuild" }),
  vcpus: z
    .int()
    .min(1)
    .default(2)
    .describe("Virtual CPUs of the build and of machines. Default 2.")
    .meta({ effect: "rebuild" }),
  memoryMib: z
    .int()
    .min(1)
    .default(512)
    .describe("Memory of the build and of machines, MiB. Default 512.")
    .meta({ effect: "rebuild" }),
  diskMb: z
    .int()
    .min(1)
    .optional()
    .describe("Smallest root filesystem, MB. Default: what the image needs and some headroom.")
    .meta({ effect: "rebuild" }),
  internetAccess: z
    .boolean()
    .default(true)
    .describe("Whether the build may use the internet. Default true.")
    .meta({ effect: "rebuild" }),
  env: z
    .record(z.string().regex(/^[^=\u0000]+$/, { error: "must not be empty or hold '='" }), z.string())
    .optional()
    .describe("Environment variables of machines.")
    .meta({ effect: "rebuild" }),
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
    .describe("Values that mean nothing here; a change of one means a new build.")
    .meta({ effect: "rebuild" }),
  tags: z
    .array(ProgramTag)
    .min(1)
    .default(["default"])
    .describe("Tags that point at the newest good build of this resource. Default `default`.")
    .meta({ effect: "update", set: true }),
  visibility: Visibility.default("private")
    .describe("Who may use the template. Default `private`.")
    .meta({ effect: "update" }),
  buildSecrets: z
    .record(z.string().regex(/^[A-Za-z0-9._-]+$/, { error: "must be letters, digits, '.', '_' or '-'" }), z.string())
    .optional()
    .describe("Secrets by id, for `RUN --mount=type=secret`. Never stored by the service; a change builds nothing.")
    .meta({ effect: "update", secret: true }),
  registryAuth: z
    .array(RegistryAuthInput)
    .optional()
    .describe("Credentials of private registries that the Dockerfile names. A change builds nothing.")
    .meta({ effect: "update", secret: true }),
  skipCache: z
    .boolean()
    .default(false)
    .describe("Builds use no cache. Default false; a change builds nothing.")
    .meta({ effect: "ignore" }),
  adopt: adopt("a template of this name").meta({ effect: "ignore" }),
});
export type TemplateInputs = z.infer<typeof TemplateInputs>;

/** Inputs that say where the build context is and what belongs to it. */
export const CONTEXT_INPUTS = [
  "context",
  "dockerfile",
  "dockerfileContent",
  "ignoreSyntax",
  "ignorePatterns",
  "symlinks",
] as const;
