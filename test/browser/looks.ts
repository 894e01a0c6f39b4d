import type { BrowserContextOptions, Page } from "playwright-core";
import type { AxeScope } from "./axe.ts";

/** How people look at pages: width, colours, what they have set in their system. */
export interface Look {
  name: string;
  options: BrowserContextOptions;
  /** Whether text is spaced as WCAG 2.2, 1.4.12 allows its reader. */
  isSpaced?: boolean;
  /** What axe-core has not seen in another look with the same markup and colours; absent: nothing. */
  axe?: AxeScope;
}

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 360, height: 740 };

export const LOOKS: readonly Look[] = [
  { name: "wide, light", options: { viewport: WIDE, colorScheme: "light" }, axe: "all" },
  { name: "wide, dark", options: { viewport: WIDE, colorScheme: "dark" }, axe: "colours" },
  {
    name: "a phone, dark",
    options: { viewport: PHONE, colorScheme: "dark", hasTouch: true, isMobile: true },
    axe: "all",
  },
  {
    name: "a phone, light, spaced text",
    options: { viewport: PHONE, colorScheme: "light" },
    isSpaced: true,
    axe: "colours",
  },
  {
    name: "forced colours",
    options: { viewport: WIDE, forcedColors: "active", reducedMotion: "reduce" },
    axe: "colours",
  },
  // What is left of a window of 1,440 pixels at 200 %.
  {
    name: "at 200 %, dark",
    options: { viewport: { width: 720, height: 450 }, deviceScaleFactor: 2, colorScheme: "dark" },
  },
  // And at 400 %, the width of WCAG 2.2, 1.4.10.
  { name: "at 400 %", options: { viewport: { width: 320, height: 256 }, reducedMotion: "reduce" } },
];

/** Spaces text as WCAG 2.2, 1.4.12 says that a reader may. */
export async function spaceText(page: Page): Promise<void> {
  await page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",
    );
    document.adoptedStyleSheets = [sheet];
  });
}

/** What of a page does not fit, or is too small, for the window that it is in. */
export function misfitsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const misfits: string[] = [];
    const root = document.documentElement;
    const what = (element: Element) =>
      `<${element.tagName.toLowerCase()} class="${element.className}">${element.textContent?.trim().slice(0, 30)}`;
    const isSeen = (element: Element) =>
      element.checkVisibility({ visibilityProperty: true }) && element.closest(".unseen, .skip") === null;
    if (root.scrollWidth > root.clientWidth) {
      const wide = [...document.body.querySelectorAll("*")].filter(
        (element) => element.getBoundingClientRect().right > root.clientWidth + 0.5 && !isInScroller(element),
      );
      misfits.push(`it scrolls sideways, ${root.scrollWidth} px: ${wide.map(what).slice(0, 3).join("; ")}`);
    }
    // Text that is cut and cannot be scrolled to; what may be long ends in an ellipsis, and says the rest elsewhere.
    for (const element of document.querySelectorAll("main *, header *")) {
      const { overflowX, textOverflow, webkitLineClamp } = getComputedStyle(element);
      const isCut = overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1;
      if (isCut && isSeen(element) && textOverflow !== "ellipsis" && webkitLineClamp === "none")
        misfits.push(`text is cut: ${what(element)}`);
    }
    for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")) {
      if (!isSeen(element)) continue;
      const { width, height } = element.getBoundingClientRect();
      if ((width < 23.9 || height < 23.9) && !isInSentence(element))
        misfits.push(`too small to touch, ${Math.round(width)} × ${Math.round(height)}: ${what(element)}`);
    }
    return misfits;

    function isInScroller(element: Element): boolean {
      for (let at = element.parentElement; at !== null && at !== document.body; at = at.parentElement) {
        if (/auto|scroll|hidden/.test(getComputedStyle(at).overflowX)) return true;
      }
      return false;
    }

    /** A target in a line of text may be as high as the line (WCAG 2.2, 2.5.8, "Inline"). */
    function isInSentence(element: Element): boolean {
      if (getComputedStyle(element).display !== "inline") return false;
      return [...element.parentNode!.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && /\w/.test(node.textContent ?? ""),
      );
    }
  });
}
