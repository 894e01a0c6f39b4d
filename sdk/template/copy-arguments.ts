import { anything, flag, options, text, type Rule } from "../arguments/index.ts";
import type { CopyItem } from "../wire/step.ts";
import { check, requireMode, requireText } from "./argument-checks.ts";
import { TemplateArgumentError } from "./errors.ts";

/** How copied files are written. */
export interface CopyOptions {
  /**
   * Owner, `user[:group]`.
   *
   * @default root
   */
  user?: string | undefined;
  /**
   * Permission bits, `0o644` or `"644"`.
   *
   * @default those of the files
   */
  mode?: number | string | undefined;
  /**
   * Send the files again even if the service has them, and do not reuse the layer.
   *
   * @default false
   */
  forceUpload?: boolean | undefined;
}

/** Permission bits; `requireMode` looks closer. */
export const MODE: Rule = {
  expected: 'permission bits, such as 0o755 or "755"',
  accepts: (value) => typeof value === "number" || typeof value === "string",
};

const COPY_MEMBERS = { user: text, mode: MODE, forceUpload: flag };
export const COPY = options<CopyOptions>(COPY_MEMBERS);
const COPY_ITEM = options<{ src: unknown; dst: unknown } & CopyOptions>({
  src: anything,
  dst: anything,
  ...COPY_MEMBERS,
});

/** One item of `copyItems`: a pair, or an object whose own options win over the call's. */
export type CopyItemArgument =
  | readonly [src: string | readonly string[], dst: string]
  | ({ src: string | readonly string[]; dst: string } & CopyOptions);

/** What a copy is on the wire, its sources still being paths on this machine. */
export function toCopy(
  argument: string,
  src: string | readonly string[],
  dst: string,
  options: CopyOptions = {},
): CopyItem {
  // What types promise is not so for programs in JavaScript.
  if (typeof src !== "string" && !Array.isArray(src)) {
    throw new TemplateArgumentError(`${argument}: src`, "give a file or folder, or a list of them");
  }
  const sources = (typeof src === "string" ? [src] : [...src]).map((one, index) =>
    requireText(typeof src === "string" ? `${argument}: src` : `${argument}: src[${index}]`, one).trim(),
  );
  if (sources.length === 0) throw new TemplateArgumentError(`${argument}: src`, "give at least one file or folder");
  requireText(`${argument}: dst`, dst);
  return {
    sources,
    dst,
    ...(options.user !== undefined && { user: requireText(`${argument}: user`, options.user) }),
    ...(options.mode !== undefined && { mode: requireMode(`${argument}: mode`, options.mode) }),
    ...(options.forceUpload && { force_upload: true }),
  };
}

/** Items of a `copyItems` call. */
export function toCopyItems(items: readonly CopyItemArgument[], defaults: CopyOptions): CopyItem[] {
  if (!Array.isArray(items) || items.length === 0) {
    throw new TemplateArgumentError("copyItems: items", "give at least one");
  }
  return items.map((item, index) => {
    const argument = `copyItems: items[${index}]`;
    if (typeof item !== "object" || item === null) {
      throw new TemplateArgumentError(argument, "give [src, dst], or an object with src and dst");
    }
    if (isPair(item)) return toCopy(argument, item[0], item[1], defaults);
    check("copyItems", { [`items[${index}]`]: COPY_ITEM }, { [`items[${index}]`]: item });
    const { src, dst, user, mode, forceUpload } = item;
    return toCopy(argument, src, dst, {
      user: user ?? defaults.user,
      mode: mode ?? defaults.mode,
      forceUpload: forceUpload ?? defaults.forceUpload,
    });
  });
}

function isPair(item: CopyItemArgument): item is readonly [string | readonly string[], string] {
  return Array.isArray(item);
}
