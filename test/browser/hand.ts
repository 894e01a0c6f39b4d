import type { Page } from "playwright-core";
import { expect } from "vitest";

/** How somebody works with a page. */
export interface Hand {
  page: Page;
  /** Writes into the field of that name. */
  write: (field: string, text: string) => Promise<void>;
  /** Follows a link, or presses a button, and waits for the page that it leads to. */
  press: (name: string | RegExp) => Promise<void>;
  choose: (field: string, option: string) => Promise<void>;
  /** Opens or closes a part of the page. */
  unfold: (name: string) => Promise<void>;
}

/** With a mouse, or a finger. */
export function pointing(page: Page): Hand {
  return {
    page,
    write: (field, text) => page.getByLabel(field, { exact: true }).fill(text),
    press: async (name) => {
      const target = page.getByRole("link", { name }).or(page.getByRole("button", { name })).first();
      await Promise.all([page.waitForEvent("load"), target.click()]);
    },
    choose: async (field, option) => void (await page.getByLabel(field).selectOption(option)),
    unfold: (name) => page.locator("summary", { hasText: name }).click(),
  };
}

/** With the keyboard alone. Fails at an element that has the focus and does not show it. */
export function typing(page: Page): Hand {
  const go = async (what: string, isThere: (focused: Focused) => boolean) => {
    for (let step = 0; step < 250; step++) {
      await page.keyboard.press("Tab");
      const focused = await focusedOf(page);
      if (focused.tag === "BODY") continue;
      expect(focused.isSeen, `focus is seen on ${focused.tag} ${focused.name}`).toBe(true);
      if (isThere(focused)) return;
    }
    throw new Error(`no number of tabs leads to ${what} on ${page.url()}`);
  };
  const isNamed = (wanted: string | RegExp) => (focused: Focused) =>
    typeof wanted === "string" ? focused.name === wanted : wanted.test(focused.name);
  const goTo = async (name: string | RegExp, tags: RegExp) =>
    go(String(name), (focused) => tags.test(focused.tag) && isNamed(name)(focused));
  return {
    page,
    write: async (field, text) => {
      const focused = await focusedOf(page);
      if (focused.name !== field) await go(field, isNamed(field));
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type(text);
    },
    press: async (name) => {
      await goTo(name, /^(?:A|BUTTON)$/);
      await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
    },
    choose: async (field, option) => {
      await go(field, isNamed(field));
      // Down to the option: letters would have to be typed within a second.
      await page.keyboard.press("Home");
      for (let step = 0; (await chosenOf(page)) !== option; step++) {
        if (step > 100) throw new Error(`${field} has no ${option}`);
        await page.keyboard.press("ArrowDown");
      }
    },
    unfold: async (name) => {
      await goTo(name, /^SUMMARY$/);
      await page.keyboard.press("Enter");
    },
  };
}

/** The element that has the focus. */
export interface Focused {
  tag: string;
  name: string;
  isSeen: boolean;
}

export function focusedOf(page: Page): Promise<Focused> {
  return page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { width, height, bottom, top } = element.getBoundingClientRect();
    const label =
      element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels?.[0] : null;
    return {
      tag: element.tagName,
      name: (label?.textContent ?? element.getAttribute("aria-label") ?? element.textContent)
        .replace(/\s+/g, " ")
        .trim(),
      isSeen:
        outlineStyle !== "none" &&
        Number.parseFloat(outlineWidth) >= 2 &&
        width > 0 &&
        height > 0 &&
        bottom > 0 &&
        top < innerHeight,
    };
  });
}

/** What is chosen in the list that has the focus. */
function chosenOf(page: Page): Promise<string | undefined> {
  return page.evaluate(() => (document.activeElement as HTMLSelectElement).selectedOptions[0]?.label);
}
