import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import type * as Axe from "axe-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** All that axe-core knows of WCAG 2.2 AA, and of good practice. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What of it depends on the colours alone, where the markup has been looked at. */
const COLOURS = ["color-contrast", "link-in-text-block"];

/** How much of a page axe-core is to look at. */
export type AxeScope = "all" | "colours";

/** What axe-core finds on a page: the rule, and where it is broken. */
export async function findingsOf(page: Page, scope: AxeScope = "all"): Promise<string[]> {
  await page.evaluate(SOURCE);
  const { violations } = await page.evaluate(
    (runOnly): Promise<Axe.AxeResults> =>
      (window as unknown as { axe: typeof Axe }).axe.run(document, { runOnly, resultTypes: ["violations"] }),
    scope === "all" ? { type: "tag" as const, values: TAGS } : { type: "rule" as const, values: COLOURS },
  );
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ html, any }) => `${html.slice(0, 120)} ${any[0]?.message ?? ""}`)
        .slice(0, 3)
        .join(" | ")}`,
  );
}
