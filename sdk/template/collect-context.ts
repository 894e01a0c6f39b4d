import { isAbsolute, join } from "node:path";
import { callback, options } from "../arguments/index.ts";
import type { Step } from "../wire/step.ts";
import { check } from "./argument-checks.ts";
import { collectFolder, collectSource, silentPaths, type CollectRules, type LocalEntry } from "./collect-files.ts";
import { DEFINITION, type TemplateDefinition } from "./definition.ts";
import { readIgnoreRules } from "./ignore-rules.ts";
import { placeCopies } from "./place-copies.ts";

/** What a definition takes from this machine. */
export interface CollectedContext {
  /** The steps, copy sources replaced by their names in the context. */
  steps: Step[];
  entries: LocalEntry[];
}

const REPORT = options<Pick<CollectRules, "onIgnored" | "onUnsupported">>({
  onIgnored: callback,
  onUnsupported: callback,
});

/**
 * Reads which files and folders the build needs; their bytes are read later.
 *
 * @example
 * ```ts
 * const { entries } = collectContext({
 *   base: { kind: "image", image: "nginx:1.29" },
 *   steps: [{ step: { action: "copy", sources: ["site"], dst: "/srv/" }, addedAt: undefined }],
 *   fileContext: { root: "/home/me/app", ignorePatterns: ["*.map"] },
 *   buildEnvs: {},
 *   runtimeEnvs: {},
 *   buildSecrets: [],
 * });
 * console.log(entries.map(({ path }) => path));
 * ```
 */
export function collectContext(
  definition: TemplateDefinition,
  report: Pick<CollectRules, "onIgnored" | "onUnsupported"> = {},
): CollectedContext {
  check("collectContext", { definition: DEFINITION, report: REPORT }, { definition, report });
  const { base, fileContext } = definition;
  if (base.kind === "dockerfile") {
    if (base.path === undefined || fileContext === undefined) return { steps: [], entries: [] };
    const { root } = fileContext;
    const rules = {
      root,
      matcher: readIgnoreRules(fileContext, base.path),
      silent: silentPaths(root, base.path),
      ...report,
    };
    return { steps: [], entries: collectFolder(root, "", rules) };
  }
  const copies = definition.steps.some(({ step }) => step.action === "copy" || step.action === "copy_items");
  const matcher = fileContext === undefined || !copies ? undefined : readIgnoreRules(fileContext);
  const rules: CollectRules = { root: fileContext?.root, matcher, ...report };
  const entries: LocalEntry[] = [];
  const written = definition.steps.map(({ step }) => step);
  const steps = placeCopies(written, (source, alias, item) => {
    const path = fileContext === undefined || isAbsolute(source) ? source : join(fileContext.root, source);
    const collected = collectSource(path, alias, rules);
    entries.push(...collected.entries.map((entry) => ({ ...entry, forceUpload: item.force_upload === true })));
    return collected.ref;
  });
  return { steps, entries };
}
