#!/usr/bin/env node
/**
 * Takes the pictures in the docs, as a real browser shows them: reports of previews, and the page of the service.
 *
 *   npm run pictures
 *
 * The reports are those that `npm run record:previews` has recorded. Needs Chromium: on the PATH, or where `CHROMIUM` says.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { chromium } from "playwright-core";
import { takePagePictures } from "./page-pictures.ts";
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

const style = readFileSync(
  createRequire(import.meta.url).resolve("github-markdown-css/github-markdown-light.css"),
  "utf8",
);
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
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 100 }, deviceScaleFactor: 2 });
  for (const [picture, report] of Object.entries(TAKEN)) {
    await page.setContent(pageOf(readFileSync(join(REPORTS, `${report}.md`), "utf8")));
    const path = join(PICTURES, `${picture}.png`);
    await page.screenshot({ path, fullPage: true });
    console.log(path);
  }
  for (const path of await takePagePictures(browser, PICTURES)) console.log(path);
} finally {
  await browser.close();
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
