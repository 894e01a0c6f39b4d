import { choosersToTabs } from "./chooser.ts";
import { readFrontMatter } from "./front-matter.ts";
import { rewriteLinks } from "./links.ts";

/**
 * A page of the repository as VitePress takes it: choosers as tabs, links to where the site has their targets, the title of
 * the front matter as its heading, and no comments, which are for who changes the file.
 *
 * @param from path of the page in the repository
 * @param routes see {@link rewriteLinks}
 */
export function toSitePage(markdown: string, from: string, routes: ReadonlyMap<string, string>): string {
  const { matter, body } = readFrontMatter(markdown);
  const title = matter.get("title");
  const description = matter.get("meta_desc");
  const text = rewriteLinks(choosersToTabs(body.replace(/^<!--[\s\S]*?-->\n+/, "")), from, routes);
  return [
    "---",
    // A page that was made here has no text in the repository to change.
    `editLink: ${from.startsWith("docs/") && !body.startsWith("<!-- Made by")}`,
    ...(description === undefined ? [] : [`description: ${JSON.stringify(description)}`]),
    "---",
    "",
    ...(title === undefined || /^# /m.test(text) ? [] : [`# ${title}`, ""]),
    text,
  ].join("\n");
}
