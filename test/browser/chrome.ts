import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { expect } from "vitest";
import { findChromium } from "../../scripts/setup/chromium.mjs";

/** Where a browser looks, and with which key. */
export interface Site {
  url: string;
  apiKey: string;
}

/** What the browser would not let a page do, and what a page did that none of ours does. */
type Complaint = string;

/** A Chromium, whose windows note each thing that no page of the service may do. */
export class Chrome implements AsyncDisposable {
  readonly #browser: Browser;
  readonly #complaints: Complaint[] = [];
  readonly #open = new Set<BrowserContext>();

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Chrome> {
    const executablePath = findChromium(process.env);
    if (executablePath === undefined) throw new Error("There is no Chromium: node scripts/setup.mjs --profile test");
    const quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
    return new Chrome(await chromium.launch({ executablePath, args: [...quiet, "--enable-precise-memory-info"] }));
  }

  /** A window in which nobody has logged in. */
  async open(site: Site, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ baseURL: site.url, ...options });
    this.#open.add(context);
    // What has to come, comes; how soon is no matter of these tests, which share their machine with others.
    context.setDefaultTimeout(60_000);
    const { origin } = new URL(site.url);
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== "data:") this.#complaints.push(`a request to ${url.href}`);
    });
    context.on("weberror", (error) => this.#complaints.push(error.error().message));
    context.on("console", (message) => {
      const text = message.text();
      if (/Content Security Policy|Refused to/.test(text)) this.#complaints.push(text);
    });
    if (options.javaScriptEnabled !== false) {
      await context.exposeBinding("noteViolation", (_source, what: string) => this.#complaints.push(what));
      await context.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
          (window as unknown as { noteViolation: (what: string) => void }).noteViolation(
            `${location.pathname}: ${violatedDirective} ${blockedURI}`,
          ),
        );
      });
    }
    return context.newPage();
  }

  /** A window in which somebody has logged in. */
  async logIn(site: Site, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.open(site, options);
    await logIn(page, site.apiKey);
    return page;
  }

  /** Closes the windows. Fails when a page has done what none may. */
  async closeWindows(): Promise<void> {
    await Promise.all([...this.#open].map((context) => context.close()));
    this.#open.clear();
    expect(this.#complaints.splice(0)).toEqual([]);
  }

  /** What has been noted up to now, which then counts no more. */
  takeComplaints(): Complaint[] {
    return this.#complaints.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Logs in at the page where one is, or at the log-in. */
export async function logIn(page: Page, apiKey: string): Promise<void> {
  if (!page.url().includes("/ui/log-in")) await page.goto("/ui/");
  await page.getByLabel("API key").fill(apiKey);
  await Promise.all([
    page.waitForURL((url) => url.pathname.startsWith("/ui/") && url.pathname !== "/ui/log-in"),
    page.getByRole("button", { name: "Log in" }).click(),
  ]);
}
