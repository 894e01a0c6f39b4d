import { defineConfig } from "vitepress";
import { REPOSITORY } from "../pages/links.ts";
import { SECTIONS } from "../sections.ts";

const link = (path: string): string => `/${path.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`;

const githubSlug = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");

export default defineConfig({
  srcDir: "../.site/pages",
  base: process.env.NULLSPACE_DOCS_BASE ?? "/",
  lang: "en",
  title: "pulumi-nullspace",
  description: "Sandbox templates as code: a Pulumi provider, a client SDK and a local service",
  head: [["link", { rel: "icon", href: `${process.env.NULLSPACE_DOCS_BASE ?? "/"}icon.svg`, type: "image/svg+xml" }]],
  lastUpdated: false,
  // Browsers of the last years: esbuild takes nothing older apart as Vite 5 asks it to.
  vite: { build: { target: "es2022" } },
  markdown: {
    // "README.md" is a file, not a host in Moldova.
    linkify: false,
    // Anchors as GitHub makes them, which the pages' links name.
    anchor: { slugify: githubSlug },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
  },
  themeConfig: {
    logo: "/icon.svg",
    nav: [
      { text: "Docs", link: "/" },
      { text: "Guides", link: "/guides/promotion", activeMatch: "^/guides/" },
      {
        text: "Resources",
        link: "/provider/template",
        activeMatch: "^/provider/(template|warm-pool|functions|settings)",
      },
      { text: "API", link: "/api-reference" },
      { text: "Examples", link: "/examples/", activeMatch: "^/examples/" },
    ],
    sidebar: SECTIONS.map(({ title, pages }) => ({
      text: title,
      items: pages.map(([text, path]) => ({ text, link: link(path) })),
    })),
    outline: [2, 3],
    search: {
      provider: "local",
      options: {
        miniSearch: {
          // The two pages that hold a little of everything come after those that are about it.
          searchOptions: { boostDocument: (id: string) => (/^\/(api-reference|changelog)/.test(id) ? 0.3 : 1) },
        },
      },
    },
    socialLinks: [{ icon: "github", link: REPOSITORY }],
    footer: { message: "Apache-2.0" },
  },
});
