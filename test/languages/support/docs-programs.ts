import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readChoosers } from "../../../site/pages/chooser.ts";
import { repo } from "../../e2e/support/pulumi-project.ts";

/** A program that stands in the docs or in a template, whole. */
export interface DocsProgram {
  name: string;
  text: string;
}

const PAGES = ["_index", "installation-configuration", "guides/promotion", "guides/secrets", "guides/warm-pools"];

/**
 * Every program of one language: those of the choosers, and the template for `pulumi new`.
 *
 * @param language as choosers name it
 * @param template file of the template, where there is one
 */
export function docsPrograms(language: string, template?: string): DocsProgram[] {
  const ofPages = PAGES.flatMap((page) =>
    readChoosers(readFileSync(join(repo, "docs", `${page}.md`), "utf8")).map((programs, index) => ({
      name: `docs/${page}.md, ${index + 1}`,
      text: programs.find((each) => each.language === language)!.program,
    })),
  );
  if (template === undefined) return ofPages;
  const text = readFileSync(join(repo, "templates", template), "utf8").replaceAll("${PROJECT}", "my-web");
  return [...ofPages, { name: `templates/${template}`, text }];
}
