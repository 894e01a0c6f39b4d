import { isAbsolute, join } from "node:path";
import type { CopyItem, Step } from "../wire/step.ts";
import { collectFolder, collectSource, silentPaths, type CollectRules, type LocalEntry } from "./collect-files.ts";
import type { TemplateDefinition } from "./definition.ts";
import { readIgnoreRules } from "./ignore-rules.ts";

/** What a definition takes from this machine. */
export interface CollectedContext {
  /** The steps, copy sources replaced by their names in the context. */
  steps: Step[];
  entries: LocalEntry[];
}

/** Reads which files and folders the build needs; their bytes are read later. */
export function collectContext(
  definition: TemplateDefinition,
  report: Pick<CollectRules, "onIgnored" | "onUnsupported"> = {},
): CollectedContext {
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
  const take = (item: CopyItem, alias: (source: number) => string): CopyItem => ({
    ...item,
    sources: item.sources.map((source, index) => {
      const path = fileContext === undefined || isAbsolute(source) ? source : join(fileContext.root, source);
      const collected = collectSource(path, alias(index), rules);
      entries.push(...collected.entries.map((entry) => ({ ...entry, forceUpload: item.force_upload === true })));
      return collected.ref;
    }),
  });
  const steps = definition.steps.map(({ step }, at): Step => {
    const folder = `builder-context/step-${at}`;
    if (step.action === "copy") {
      const { action, ...item } = step;
      return { action, ...take(item, (source) => `${folder}/src-${source}`) };
    }
    if (step.action !== "copy_items") return step;
    const items = step.items.map((item, index) =>
      take(item, (source) => `${folder}/src-${index}${item.sources.length > 1 ? `-${source}` : ""}`),
    );
    return { action: "copy_items", items };
  });
  return { steps, entries };
}
