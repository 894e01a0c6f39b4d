import type { CopyItem, Step } from "../wire/step.ts";

/**
 * The steps with their copy sources replaced by their names in the build context. Each source has a folder of its own
 * there, named after the step and its place in it, as the service's Python client does.
 *
 * @param place puts a source into the context below `alias`, and says what it is called there
 */
export function placeCopies(
  steps: readonly Step[],
  place: (source: string, alias: string, item: CopyItem) => string,
): Step[] {
  const placed = (item: CopyItem, alias: (source: number) => string): CopyItem => ({
    ...item,
    sources: item.sources.map((source, index) => place(source, alias(index), item)),
  });
  return steps.map((step, at): Step => {
    const folder = `builder-context/step-${at}`;
    if (step.action === "copy") {
      const { action, ...item } = step;
      return { action, ...placed(item, (source) => `${folder}/src-${source}`) };
    }
    if (step.action !== "copy_items") return step;
    const items = step.items.map((item, index) =>
      placed(item, (source) => `${folder}/src-${index}${item.sources.length > 1 ? `-${source}` : ""}`),
    );
    return { action: "copy_items", items };
  });
}

/** Name of a copied folder in the context: its own, as far as every service takes it. */
export function folderAlias(alias: string, name: string): string {
  return `${alias}/${name.replace(/[^\p{L}\p{N}\-_.]/gu, "_")}`;
}
