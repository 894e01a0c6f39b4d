/**
 * Builds the docs site from `docs/`, the READMEs of the examples and the declarations that are published.
 *
 *   npm run docs                      into .site/html
 *   npm run docs -- --out <folder>    elsewhere
 *
 * `NULLSPACE_DOCS_BASE` is the path that the site is to be served under, `/` where it is not set.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Application, RendererEvent, type PageDefinition } from "typedoc";
import { build } from "vitepress";
import { buildPackages } from "../scripts/setup/package-build.mjs";
import { listApi, renderApiPage } from "./pages/api-index.ts";
import { findRoutes } from "./pages/routes.ts";
import { toSitePage } from "./pages/site-page.ts";
import { SECTIONS } from "./sections.ts";

const ROOT = join(import.meta.dirname, "..");
/** What VitePress reads. */
const PAGES = join(ROOT, ".site", "pages");
/** Folder of the API reference on the site. */
const API = "api";

const { values } = parseArgs({ options: { out: { type: "string", default: join(ROOT, ".site", "html") } } });

// The reference is made of the declarations that are published.
await buildPackages({ root: ROOT, env: process.env });
rmSync(PAGES, { recursive: true, force: true });

const routes = findRoutes(ROOT);
for (const [from, route] of routes) {
  if (isPage(route)) write(route, toSitePage(readFileSync(join(ROOT, from), "utf8"), from, routes));
  else cpSync(join(ROOT, from), join(PAGES, route));
}
write("api-reference.md", renderApiPage(listApi(await writeApi(join(PAGES, "public", API))), API));
cpSync(join(ROOT, "site", "public"), join(PAGES, "public"), { recursive: true });

const listed = SECTIONS.flatMap(({ pages }) => pages.map(([, path]) => path));
const unlisted = [...routes.values()].filter((route) => isPage(route) && !listed.includes(route));
if (unlisted.length > 0) throw new Error(`pages that are in no section of site/sections.ts: ${unlisted.join(", ")}`);

await build(join(ROOT, "site"), { outDir: resolve(values.out) });
console.log(`the docs site is in ${relative(process.cwd(), values.out) || "."}`);

function isPage(route: string): boolean {
  return route.endsWith(".md");
}

function write(route: string, text: string): void {
  mkdirSync(dirname(join(PAGES, route)), { recursive: true });
  writeFileSync(join(PAGES, route), text);
}

/** Has TypeDoc write its pages. @returns what it has written */
async function writeApi(folder: string): Promise<readonly PageDefinition[]> {
  const app = await Application.bootstrapWithPlugins({ out: folder, navigationLinks: { Docs: "../index.html" } });
  const project = await app.convert();
  if (project) app.validate(project);
  let written: readonly PageDefinition[] = [];
  app.renderer.on(RendererEvent.BEGIN, ({ pages }: RendererEvent) => (written = pages));
  if (project) await app.generateDocs(project, folder);
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error("the API reference is not as it should be: see above");
  }
  return written;
}
