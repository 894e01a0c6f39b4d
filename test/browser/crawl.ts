import { attributeOf, Browser, elementsOf } from "../contract/page/browser.ts";
import type { Site } from "./chrome.ts";

/**
 * Pages that links and forms of other pages lead to, from the overview on, one of each kind: what comes new to the
 * page comes into the tests. The log-in and two pages of errors, where no link leads, are among them.
 *
 * @param more pages to begin with beside the overview: they are looked at in any case
 */
export async function pagesOf(site: Site, ...more: string[]): Promise<string[]> {
  const browser = new Browser(site.url);
  await browser.logIn(site.apiKey);
  const waiting = ["/ui/", ...more];
  const known = new Set(waiting);
  const kinds = new Set<string>();
  const found: string[] = [];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const kind = kindOf(path);
    if (kinds.has(kind) && !more.includes(path)) continue;
    const { status, headers, text } = await browser.get(path);
    if (!String(headers["content-type"]).startsWith("text/html")) continue;
    if (status !== 200) throw new Error(`${path} answers ${status}`);
    kinds.add(kind);
    found.push(path);
    for (const link of elementsOf(text).flatMap(linksOf)) {
      const { pathname, search, origin } = new URL(link, new URL(path, site.url));
      if (origin !== browser.origin || known.has(pathname + search)) continue;
      known.add(pathname + search);
      waiting.push(pathname + search);
    }
  }
  return [...found, "/ui/nothing", "/ui/templates?after=x"];
}

function linksOf(element: ReturnType<typeof elementsOf>[number]): string[] {
  const link = attributeOf(element, "href");
  return element.tagName === "a" && link !== undefined ? [link] : [];
}

/** The path without what names one thing of many. */
function kindOf(path: string): string {
  const { pathname, searchParams } = new URL(path, "http://page");
  const named = pathname
    .replace(/^\/ui\/templates\/[^/]+\/[^/]+/, "/ui/templates/NAMESPACE/NAME")
    .replace(/\/tags\/[^/]+/, "/tags/TAG")
    .replaceAll(/\/[a-z]+_[0-9a-z]{8,}/g, "/ID");
  return `${named}?${[...new Set(searchParams.keys())].sort().join("&")}`;
}
