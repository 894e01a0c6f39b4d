import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SECTIONS } from "../../site/sections.ts";
import { findingsOf } from "./axe.ts";
import { Chrome } from "./chrome.ts";
import { LOOKS, misfitsOf } from "./looks.ts";
import { checkLinks } from "./site-links.ts";
import { serveFolder } from "./static-site.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".site", "html");
/** One page of each kind: tabs, wide tables, prose; pictures, a long list. */
const SHOWN = ["index", "provider/template", "guides/promotion", "provider/reviewing", "api-reference"];
/** How many of them axe looks at: what comes after has nothing new to it. */
const FOR_AXE = 3;
const [LIGHT, DARK] = LOOKS;

/** The button of the search is named "Search", and shows its keys as well. */
const OF_THE_THEME = /^label-content-name-mismatch: <button type="button" class="DocSearch /;

let site: Awaited<ReturnType<typeof serveFolder>>;
let chrome: Chrome;

beforeAll(async () => {
  // Fails for a page in no section, a link to a page that is not there, and a warning of TypeDoc.
  await promisify(execFile)("npm", ["run", "--silent", "docs"], { cwd: root, maxBuffer: 1 << 26 });
  [site, chrome] = await Promise.all([serveFolder(folder), Chrome.start()]);
}, 300_000);
afterEach(() => chrome.closeWindows());
afterAll(async () => {
  await chrome[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

describe("the docs site", () => {
  it("has every page of its side bar, links that lead somewhere, and parts of its own alone", () => {
    const { pages, links, broken, outside } = checkLinks(folder);
    expect(broken).toEqual([]);
    expect(outside).toEqual([]);
    const listed = SECTIONS.flatMap((section) => section.pages.map(([, path]) => path.replace(/\.md$/, ".html")));
    expect(globSync(listed, { cwd: folder })).toHaveLength(listed.length);
    // The reference of some hundred exports among them.
    expect(pages).toBeGreaterThan(500);
    expect(links).toBeGreaterThan(10_000);
  });

  it("says nothing of the machine that it was built on", () => {
    const texts = globSync("**/*.{html,js,css,json,svg}", { cwd: folder }).filter((path) =>
      readFileSync(join(folder, path), "utf8").includes(root),
    );
    expect(texts).toEqual([]);
  });

  it.each(LOOKS.filter(({ isSpaced }) => !isSpaced))(
    "fits its window, asks no other host, and has no finding of axe: $name",
    async (look) => {
      const page = await chrome.open({ url: site.url, apiKey: "" }, look.options);
      const found: [path: string, what: string[]][] = [];
      for (const [index, path] of SHOWN.entries()) {
        await page.goto(`/${path}.html`, { waitUntil: "networkidle" });
        const sideways = (await misfitsOf(page)).filter((misfit) => misfit.startsWith("it scrolls sideways"));
        const isForAxe = index < FOR_AXE && (look === LIGHT || look === DARK);
        const findings = isForAxe ? (await findingsOf(page)).filter((one) => !OF_THE_THEME.test(one)) : [];
        if (sideways.length + findings.length > 0) found.push([path, [...sideways, ...findings]]);
      }
      expect(found).toEqual([]);
    },
  );

  it.each([
    ["expectedBuildId", "/guides/promotion"],
    ["NullspaceClient", "/api-reference"],
    ["operationTimeoutMinutes", "/provider/settings"],
    ["secret rotation", "/guides/secrets"],
  ])("finds %s", async (words, path) => {
    const page = await chrome.open({ url: site.url, apiKey: "" });
    await page.goto("/index.html", { waitUntil: "networkidle" });
    await page.keyboard.press("Control+k");
    await page.getByRole("searchbox").fill(words);
    const results = page.locator(".VPLocalSearchBox .result");
    await results.first().waitFor();
    const paths = await results.evaluateAll((all) =>
      all.map((one) => new URL((one as HTMLAnchorElement).href).pathname),
    );
    expect(paths.some((found) => found.startsWith(path))).toBe(true);
    await results.first().click();
    await page.waitForURL((url) => url.pathname !== "/index.html");
  });

  it("shows a program in the language that was chosen", async () => {
    const page = await chrome.open({ url: site.url, apiKey: "" });
    await page.goto("/index.html", { waitUntil: "networkidle" });
    await page.getByText("Python", { exact: true }).first().click();
    await page.getByText("import pulumi_nullspace as nullspace").waitFor();
    await page.getByText("Go", { exact: true }).first().click();
    await page.getByText("nullspace.NewTemplate(ctx").waitFor();
    expect(await page.getByText("import pulumi_nullspace as nullspace").isVisible()).toBe(false);
  });

  it("opens the reference of an export from the page that lists them", async () => {
    const page = await chrome.open({ url: site.url, apiKey: "" });
    await page.goto("/api-reference.html", { waitUntil: "networkidle" });
    await page.getByRole("link", { name: "NullspaceClient", exact: true }).click();
    await page.getByRole("heading", { name: /Class NullspaceClient/ }).waitFor();
  });
});
