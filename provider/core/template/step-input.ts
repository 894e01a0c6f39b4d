import * as z from "zod";
import type { Step } from "../../../sdk/wire/index.ts";
import type { PropertyPath } from "../property-path.ts";
import { toWireNames } from "./step-names.ts";

const text = () => z.string().min(1);
const flag = (description: string) => z.boolean().optional().describe(description);
const packages = () => z.array(text()).describe("Packages as the installer names them, versions included.");
const mode = () =>
  z
    .string()
    .regex(/^0?[0-7]{1,4}$/, { error: "must be octal digits, such as 0755" })
    .optional()
    .describe("Permission bits, octal: `0755`.");

const copied = {
  sources: z
    .array(text())
    .min(1)
    .describe("Files or folders, relative to `context` and inside it. `contextHash` covers their contents."),
  dst: text().describe("Path in the image; a trailing slash makes it a folder."),
  user: text().optional().describe("Owner, `user` or `user:group`."),
  mode: mode(),
  forceUpload: flag("Send the files even if the service has them, and do not reuse the layer. Default false."),
};

const CopyItem = z
  .strictObject(copied)
  .describe("Files or folders, and where they go.")
  .meta({ id: "pulumi.CopyItem" });

const AptInstall = z
  .strictObject({ kind: z.literal("apt_install"), packages: packages() })
  .describe("Installs packages with apt-get.")
  .meta({ id: "pulumi.AptInstallStep" });
const PipInstall = z
  .strictObject({
    kind: z.literal("pip_install"),
    packages: packages(),
    global: flag("For the whole system, not only for the user. Default true."),
  })
  .describe("Installs packages with pip.")
  .meta({ id: "pulumi.PipInstallStep" });
const NpmInstall = z
  .strictObject({
    kind: z.literal("npm_install"),
    packages: packages(),
    global: flag("For the whole system, not only in the working directory. Default false."),
  })
  .describe("Installs packages with npm.")
  .meta({ id: "pulumi.NpmInstallStep" });
const BunInstall = z
  .strictObject({
    kind: z.literal("bun_install"),
    packages: packages(),
    global: flag("For the whole system, not only in the working directory. Default false."),
  })
  .describe("Installs packages with Bun.")
  .meta({ id: "pulumi.BunInstallStep" });
const Run = z
  .strictObject({
    kind: z.literal("run"),
    cmd: text().describe("Shell command; any exit code other than 0 fails the build."),
    user: text().optional().describe("User that it runs as. Default: the one set by earlier steps."),
  })
  .describe("Runs a command.")
  .meta({ id: "pulumi.RunStep" });
const Workdir = z
  .strictObject({ kind: z.literal("workdir"), path: text().describe("The folder, in the image.") })
  .describe("Sets the working directory of the steps that follow, and of machines unless the input `workdir` does.")
  .meta({ id: "pulumi.WorkdirStep" });
const User = z
  .strictObject({ kind: z.literal("user"), user: text().describe("The user's name or number.") })
  .describe("Sets the user of the steps that follow, and of commands in machines unless the input `user` does.")
  .meta({ id: "pulumi.UserStep" });
const Copy = z
  .strictObject({ kind: z.literal("copy"), ...copied })
  .describe("Copies files or folders of the context into the image.")
  .meta({ id: "pulumi.CopyStep" });
const CopyItems = z
  .strictObject({ kind: z.literal("copy_items"), items: z.array(CopyItem).min(1).describe("What goes where.") })
  .describe("Copies several files or folders of the context, each to its own destination.")
  .meta({ id: "pulumi.CopyItemsStep" });
const Remove = z
  .strictObject({
    kind: z.literal("remove"),
    path: text().describe("What to remove, in the image."),
    recursive: flag("Including everything below it. Default false."),
    force: flag("Even if it does not exist. Default false."),
  })
  .describe("Removes a file or folder.")
  .meta({ id: "pulumi.RemoveStep" });
const Rename = z
  .strictObject({
    kind: z.literal("rename"),
    src: text().describe("What to rename, in the image."),
    dst: text().describe("Its new path."),
    force: flag("Replace an existing file or folder. Default false."),
  })
  .describe("Renames or moves a file or folder.")
  .meta({ id: "pulumi.RenameStep" });
const MakeDir = z
  .strictObject({
    kind: z.literal("make_dir"),
    path: text().describe("The folder, in the image; missing parent folders are created as well."),
    mode: mode(),
  })
  .describe("Creates a folder.")
  .meta({ id: "pulumi.MakeDirStep" });
const MakeSymlink = z
  .strictObject({
    kind: z.literal("make_symlink"),
    target: text().describe("What the link points at."),
    path: text().describe("Where the link is, in the image."),
  })
  .describe("Creates a symbolic link.")
  .meta({ id: "pulumi.MakeSymlinkStep" });
const GitClone = z
  .strictObject({
    kind: z.literal("git_clone"),
    url: text().describe("Address of the repository."),
    path: text().optional().describe("Destination, in the image. Default `/workspace`."),
    branch: text().optional().describe("Branch or tag. Default: that of the repository."),
    depth: z.int().min(1).optional().describe("Fetch only this many commits. Default: all."),
  })
  .describe("Clones a Git repository.")
  .meta({ id: "pulumi.GitCloneStep" });
const SkipCache = z
  .strictObject({ kind: z.literal("skip_cache") })
  .describe("The following steps reuse no layers.")
  .meta({ id: "pulumi.SkipCacheStep" });

/** One step of a template that is built on an image or on another template. */
export const StepInput = z.discriminatedUnion("kind", [
  AptInstall,
  PipInstall,
  NpmInstall,
  BunInstall,
  Run,
  Workdir,
  User,
  Copy,
  CopyItems,
  Remove,
  Rename,
  MakeDir,
  MakeSymlink,
  GitClone,
  SkipCache,
]);
export type StepInput = z.infer<typeof StepInput>;

/** The step in the words of the service. Its copy sources are still those of the program. */
export function toWireStep(step: StepInput): Step {
  return toWireNames(step) as Step;
}

/** A copy source, as the program writes it. */
export interface CopySource {
  source: string;
  /** The input that names it: `steps[2].sources[0]`. */
  path: PropertyPath;
}

/** All copy sources of the steps. */
export function copySourcesOf(steps: readonly StepInput[]): CopySource[] {
  return steps.flatMap((step, at) => {
    const named = (sources: readonly string[], ...path: PropertyPath) =>
      sources.map((source, index) => ({ source, path: ["steps", at, ...path, "sources", index] }));
    if (step.kind === "copy") return named(step.sources);
    if (step.kind === "copy_items") return step.items.flatMap((item, index) => named(item.sources, "items", index));
    return [];
  });
}
