import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { attributeOf, elementsOf } from "../contract/page/browser.ts";

/** A page of a built site: its anchors, and where its links and parts come from. */
interface BuiltPage {
  anchors: ReadonlySet<string>;
  links: readonly string[];
  parts: readonly string[];
}

/** What a reader of a built site would stumble over, and how much was looked at. */
export interface LinkCheck {
  pages: number;
  links: number;
  /** `page -> address`: no such page, file or anchor. */
  broken: string[];
  /** `page -> address` of styles, scripts, pictures and fonts that another host would have to give. */
  outside: string[];
}

/** Follows every link of a built site that stays on it, to its anchor, and looks where the parts of its pages come from. */
export function checkLinks(folder: string): LinkCheck {
  const files = new Set(globSync("**/*.*", { cwd: folder }).map((path) => path.replaceAll("\\", "/")));
  const pages = new Map(
    [...files].filter((path) => path.endsWith(".html")).map((path) => [path, readPage(join(folder, path))]),
  );
  const check: LinkCheck = { pages: pages.size, links: 0, broken: [], outside: [] };
  for (const [path, page] of pages) {
    for (const url of page.parts) if (/^(https?:)?\/\//.test(url)) check.outside.push(`${path} -> ${url}`);
    for (const url of [...page.links, ...page.parts]) {
      if (/^([a-z][a-z+.-]*:|\/\/)/i.test(url)) continue;
      check.links += 1;
      const [address = "", anchor = ""] = url.split("#");
      const to = decodeURIComponent(address.replace(/\?.*/, ""));
      const file = to === "" ? path : posix.join(to.startsWith("/") ? "" : posix.dirname(path), to.replace(/^\//, ""));
      const target = /\/$/.test(to) || file === "" || file === "." ? posix.join(file, "index.html") : file;
      const isThere = files.has(target);
      const hasAnchor = anchor === "" || pages.get(target)?.anchors.has(decodeURIComponent(anchor)) === true;
      if (!isThere || !hasAnchor) check.broken.push(`${path} -> ${url}`);
    }
  }
  return check;
}

function readPage(path: string): BuiltPage {
  const anchors = new Set<string>();
  const links: string[] = [];
  const parts: string[] = [];
  for (const element of elementsOf(readFileSync(path, "utf8"))) {
    for (const name of ["id", "name"]) {
      const value = attributeOf(element, name);
      if (value !== undefined) anchors.add(value);
    }
    const href = attributeOf(element, "href");
    const src = attributeOf(element, "src");
    if (src !== undefined) parts.push(src);
    if (href === undefined) continue;
    if (element.tagName === "link") parts.push(href);
    else if (element.tagName === "a") links.push(href);
  }
  return { anchors, links, parts };
}
