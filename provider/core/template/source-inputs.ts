import * as z from "zod";
import { TemplateAnyRef } from "../template-name-ref.ts";
import { NamedContexts } from "./named-contexts.ts";
import { VariableName } from "./variable-name.ts";
import { StepInput } from "./step-input.ts";

/** The inputs that say what a template is built from. Exactly one source: a Dockerfile, an image, or another template. */
export const sourceInputs = {
  // Where the content is: contextHash says what it is.
  context: z
    .string()
    .min(1)
    .default(".")
    .describe(
      "Folder of the build context, relative to the program's folder; with `steps`, the folder that files are copied from. " +
        "Default `.`.",
    )
    .meta({ effect: "ignore" }),
  dockerfile: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Path of the Dockerfile, relative to the context; it may be outside of it. Default `Dockerfile`, unless `image` or " +
        "`fromTemplate` is given.",
    )
    .meta({ effect: "ignore" }),
  dockerfileContent: z
    .string()
    .min(1)
    .optional()
    .describe("Text of the Dockerfile, instead of a file.")
    .meta({ effect: "ignore", freeText: true }),
  ignoreSyntax: z
    .enum(["docker", "gitignore"])
    .default("docker")
    .describe("How the ignore file is read: with Docker's rules or with Git's. Default `docker`.")
    .meta({ effect: "ignore", meanings: { docker: "By Docker's rules.", gitignore: "By Git's rules." } }),
  ignorePatterns: z
    .array(z.string())
    .optional()
    .describe("Additional ignore patterns, after those of the ignore file.")
    .meta({ effect: "ignore" }),
  symlinks: z
    .enum(["copy", "skip", "error"])
    .default("copy")
    .describe(
      "What to do with symbolic links in the context, which the service cannot store: send what they point to, as long as " +
        "that is inside the context (`copy`), leave them out with a warning (`skip`), or refuse them (`error`). A link that points " +
        "outside the context is never followed: it is an error, unless links are left out. Default `copy`.",
    )
    .meta({
      effect: "ignore",
      meanings: {
        copy: "What a link points to is sent in its place.",
        skip: "Links are left out, and a message names them.",
        error: "Links are refused.",
      },
    }),
  image: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Image to build on, such as `python:3.12-slim`, instead of a Dockerfile. It is not looked up in a preview: when its " +
        "tag moves, there is a new build only once this input or `triggers` changes.",
    )
    .meta({ effect: "rebuild" }),
  fromTemplate: TemplateAnyRef.optional()
    .describe(
      "Template to build on, instead of a Dockerfile: `namespace/name`, optionally with a tag or a build after a colon. " +
        "To follow another template of the program, name its build: `${base.canonicalRef}:${base.buildId}`. A bare name means " +
        "your own template, or else a builtin one.",
    )
    .meta({ effect: "rebuild" }),
  steps: z
    .array(StepInput)
    .optional()
    .describe("Steps on top of `image` or `fromTemplate`, in this order.")
    .meta({ effect: "rebuild", freeText: true }),
  contextHash: z
    .string()
    .min(1)
    .optional()
    .describe(
      "Content hash of the build context, Dockerfile included, or of the files that `steps` copy: a new hash means a new " +
        "build. Computed from the files if it is not given; pin it with the option `ignoreChanges`. The first " +
        "update after an import assumes that the template was built from the files that are there.",
    )
    .meta({ effect: "rebuild", computed: true }),
  // Shown when contextHash changes, never a reason of its own: the hash may be pinned.
  contextFiles: z
    .record(z.string(), z.string())
    .optional()
    .describe(
      "Short digests of the files behind `contextHash`, by path, so that a preview shows what changed. Computed; in a large " +
        "context, files are grouped by folder.",
    )
    .meta({ effect: "ignore" }),
  buildEnv: z
    .record(VariableName, z.string())
    .optional()
    .describe(
      "Environment variables of the build, which machines do not get. The service stores them, so put no secrets here.",
    )
    .meta({ effect: "rebuild", freeText: true }),
  buildArgs: z
    .record(z.string(), z.string())
    .optional()
    .describe("Values of the Dockerfile's `ARG`s. The service stores them, so put no secrets here.")
    .meta({ effect: "rebuild", freeText: true }),
  contexts: NamedContexts.optional()
    .describe(
      "Images that the Dockerfile can refer to by name, each given as `docker-image://python:3.12-slim`: in `COPY --from=name`, " +
        "`RUN --mount=from=name` and `FROM name`. They are sent to the service as stages before the Dockerfile's own, so no " +
        "stage may have the name of a context, and stages cannot be referred to by number. Folders and URLs are refused.",
    )
    .meta({ effect: "rebuild" }),
  target: z
    .string()
    .min(1)
    .optional()
    .describe("Stage of the Dockerfile to build. Default: the last.")
    .meta({ effect: "rebuild" }),
};

/** Inputs that say where the build context is and what belongs to it. */
export const CONTEXT_INPUTS = [
  "context",
  "dockerfile",
  "dockerfileContent",
  "ignoreSyntax",
  "ignorePatterns",
  "symlinks",
] as const;
