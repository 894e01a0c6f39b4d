import { mock } from "node:test";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { PageWorld } from "../test/browser/page-world.ts";
import { seed } from "../test/browser/seed.ts";

/** As wide as the page is in half of a large screen. */
const WIDTH = 1100;
const HEIGHT = 760;

/** How long before the picture is taken the first build of it was. */
const AGO_MS = (95 * 60 + 14.5) * 60_000;

/** Takes pictures of the service's page, light and dark, of a service in memory that has worked for some days. @returns their paths */
export async function takePagePictures(browser: Browser, folder: string): Promise<string[]> {
  const nowMs = Date.now();
  let atMs = nowMs - AGO_MS;
  mock.timers.enable({ apis: ["Date"], now: atMs });
  await using world = await PageWorld.start();
  const pass = (seconds: number) => mock.timers.setTime((atMs += seconds * 1000));
  const { ready, failed, running } = await seed(world, { templates: 38, lines: 400, pass });
  mock.timers.reset();
  const [before, , after] = ready;
  const taken = {
    overview: "/ui/",
    failure: `/ui/builds/${failed}`,
    comparison: `/ui/builds/${after}/compare?with=${before}`,
    tag: "/ui/templates/local/web/tags/dev",
  };
  const paths: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    const context = await browser.newContext({ viewport: { width: WIDTH, height: HEIGHT }, colorScheme });
    const page = await context.newPage();
    await page.goto(`${world.url}/ui/`);
    await page.getByLabel("API key").fill(world.apiKey);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    for (const [name, path] of Object.entries(taken)) {
      await page.goto(world.url + path);
      paths.push(join(folder, `page-${name}-${colorScheme}.png`));
      // Not more than there is.
      const { y, height } = (await page.locator("main").boundingBox())!;
      const clip = { x: 0, y: 0, width: WIDTH, height: Math.min(HEIGHT, y + height) };
      await page.screenshot({ path: paths.at(-1)!, clip });
    }
    await context.close();
  }
  await running.finish();
  return paths;
}
