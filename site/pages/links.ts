import { posix } from "node:path";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import type { Definition, Image, Link, Nodes } from "mdast";

/** Where the files of the repository are shown to readers. */
export const REPOSITORY = "https://github.com/catamaran-research/pulumi-nullspace";

/** Links, pictures and definitions of a page, with the place of each in its text. */
export function findLinks(markdown: string): (Link | Image | Definition)[] {
  const tree = fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  const found: (Link | Image | Definition)[] = [];
  const visit = (node: Nodes): void => {
    if (node.type === "link" || node.type === "image" || node.type === "definition") found.push(node);
    if ("children" in node) node.children.forEach(visit);
  };
  visit(tree);
  return found;
}

/** Is it an address of its own, or a place on the same page, rather than a path? */
export function isElsewhere(url: string): boolean {
  return /^([a-z][a-z+.-]*:|#|\/\/)/i.test(url);
}

/**
 * Turns each relative link of a page into one that works on the site: to the page of that file where there is one, else to
 * the file in the repository.
 *
 * @param from path of the page in the repository: `docs/guides/promotion.md`
 * @param routes path of a file in the repository -> its place on the site: `docs/provider/README.md` -> `provider/index.md`
 */
export function rewriteLinks(markdown: string, from: string, routes: ReadonlyMap<string, string>): string {
  const own = routes.get(from) ?? from;
  let text = markdown;
  // From the end, so that the places of the others stay what they are.
  for (const { url, position } of findLinks(markdown).reverse()) {
    if (isElsewhere(url)) continue;
    const [path = "", anchor] = url.split("#");
    const file = posix.normalize(posix.join(posix.dirname(from), path)).replace(/\/$/, "");
    const route = routes.get(file) ?? routes.get(`${file}/README.md`);
    const kind = posix.extname(file) === "" && file !== "LICENSE" ? "tree" : "blob";
    const target =
      route === undefined
        ? `${REPOSITORY}/${kind}/main/${file}`
        : `./${posix.relative(posix.dirname(own), route)}`.replace(/^\.\/\.\.\//, "../");
    const start = position!.start.offset!;
    const end = position!.end.offset!;
    const link = text.slice(start, end);
    // The address is the last thing in the node; its text may hold the same words.
    const at = link.lastIndexOf(url);
    const changed = `${link.slice(0, at)}${target}${anchor === undefined ? "" : `#${anchor}`}${link.slice(at + url.length)}`;
    text = text.slice(0, start) + changed + text.slice(end);
  }
  return text;
}
