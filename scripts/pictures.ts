#!/usr/bin/env node
/**
 * Takes the pictures in the docs: reports of previews and the page of the service, as a real browser shows them, and the
 * quickstart, as a terminal does.
 *
 *   npm run pictures                  all of them
 *   npm run pictures -- quickstart    only that one; others are `reports` and `page`
 *
 * The reports are those that `npm run record:previews` has recorded. Needs Chromium: on the PATH, or where `CHROMIUM` says.
 * The quickstart is played, in the terminal of `script` (util-linux): play it once before, so that set-up has nothing to do.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { chromium, type Browser } from "playwright-core";
import { takePagePictures } from "./page-pictures.ts";
import { takeQuickstartPicture } from "./pictures/quickstart-picture.ts";
import { findChromium } from "./setup/chromium.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const REPORTS = join(ROOT, "test", "unit", "report", "golden");
const PICTURES = join(ROOT, "docs", "pictures");
/** A comment on GitHub is about as wide. */
const WIDTH = 860;
/** Picture -> report. */
const TAKEN = {
  "report-one-file": "plugin-one-file",
  "report-base-image": "plugin-base-image",
  "report-rename": "plugin-rename",
  "report-rotated-secret": "plugin-rotated-secret",
} as const;

const KINDS = ["reports", "page", "quickstart"];

const style = readFileSync(
  createRequire(import.meta.url).resolve("github-markdown-css/github-markdown-light.css"),
  "utf8",
);
const asked = process.argv.slice(2);
const unknown = asked.filter((kind) => !KINDS.includes(kind));
if (unknown.length > 0) throw new Error(`there are pictures of ${KINDS.join(", ")}, not of ${unknown.join(", ")}`);
const isWanted = (kind: string): boolean => asked.length === 0 || asked.includes(kind);

if (isWanted("reports") || isWanted("page")) await takeInBrowser();
if (isWanted("quickstart")) console.log(await takeQuickstartPicture(ROOT, PICTURES));

async function takeInBrowser(): Promise<void> {
  const executablePath = findChromium(process.env);
  if (executablePath === undefined) {
    throw new Error(
      "There is no Chromium: install it (on Debian: apt-get install chromium), or set CHROMIUM to its path.",
    );
  }
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    if (isWanted("reports")) await takeReports(browser);
    if (isWanted("page")) for (const path of await takePagePictures(browser, PICTURES)) console.log(path);
  } finally {
    await browser.close();
  }
}

async function takeReports(browser: Browser): Promise<void> {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 100 }, deviceScaleFactor: 2 });
  for (const [picture, report] of Object.entries(TAKEN)) {
    await page.setContent(pageOf(readFileSync(join(REPORTS, `${report}.md`), "utf8")));
    const path = join(PICTURES, `${picture}.png`);
    await page.screenshot({ path, fullPage: true });
    console.log(path);
  }
}

function pageOf(markdown: string): string {
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Report</title>
<style>${style} body { margin: 0; padding: 24px; }</style><article class="markdown-body">${html}</article></html>`;
}
