import * as z from "zod";
import { Line, Word } from "./word.ts";

const text = () => Word.min(1);
const line = () => Line.min(1);
const packages = z.array(text()).describe("Package names as the installer takes them, versions included");
const mode = z.union([
  z.int().min(0),
  z.string().regex(/^[0-7]{1,5}$/, { error: "must be octal digits, such as 0644" }),
]);
const copied = {
  sources: z.array(text()).min(1).describe("Files or folders of the build context"),
  dst: text().describe("Where in the image; a trailing slash makes it a folder"),
  user: line().optional().describe("Owner, `user[:group]`"),
  mode: mode.optional().describe("Permission bits, octal"),
  force_upload: z.boolean().optional().describe("Ask for a fresh copy of the files, and do not reuse this layer"),
};

/** One file or folder (or several) of a `copy_items` step. */
export const CopyItem = z.strictObject(copied).meta({ id: "CopyItem" });
export type CopyItem = z.infer<typeof CopyItem>;

/** One instruction of a declarative template; `action` says which. Closed: an unknown member is an error. */
export const Step = z
  .discriminatedUnion("action", [
    z.strictObject({ action: z.literal("apt_install"), packages }),
    z.strictObject({
      action: z.literal("pip_install"),
      packages,
      g: z.boolean().optional().describe("For the whole system, not only for the user; default true"),
    }),
    z.strictObject({
      action: z.literal("npm_install"),
      packages,
      g: z.boolean().optional().describe("Into the system, not the working directory; default false"),
    }),
    z.strictObject({
      action: z.literal("bun_install"),
      packages,
      g: z.boolean().optional().describe("Into the system, not the working directory; default false"),
    }),
    z.strictObject({ action: z.literal("run"), command: text(), user: line().optional() }),
    z.strictObject({ action: z.literal("workdir"), path: line() }),
    z.strictObject({ action: z.literal("user"), user: line() }),
    z.strictObject({ action: z.literal("copy"), ...copied }),
    z.strictObject({ action: z.literal("copy_items"), items: z.array(CopyItem).min(1) }),
    z.strictObject({
      action: z.literal("remove"),
      path: text(),
      recursive: z.boolean().optional(),
      force: z.boolean().optional(),
    }),
    z.strictObject({ action: z.literal("rename"), src: text(), dst: text(), force: z.boolean().optional() }),
    z.strictObject({ action: z.literal("make_dir"), path: text(), mode: mode.optional() }),
    z.strictObject({ action: z.literal("make_symlink"), target: text(), path: text() }),
    z.strictObject({
      action: z.literal("git_clone"),
      url: text(),
      path: text().optional().describe("Where to; default `/workspace`"),
      branch: text().optional(),
      depth: z.int().min(1).optional(),
    }),
    z.strictObject({ action: z.literal("skip_cache") }),
  ])
  .meta({ id: "Step" });
export type Step = z.infer<typeof Step>;

/** Name of a step: `apt_install`, `copy`, … */
export type StepAction = Step["action"];
