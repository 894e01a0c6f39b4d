import { globSync } from "node:fs";
import { posix } from "node:path";

/**
 * Which files of the repository are pages and pictures of the site, and where: path in the repository -> path on the site.
 *
 * @param root folder of the repository
 */
export function findRoutes(root: string): Map<string, string> {
  const found = [
    ...globSync("docs/**/*.md", { cwd: root, exclude: ["docs/api/**"] }),
    ...globSync("docs/pictures/*", { cwd: root }),
    ...globSync("examples/*/README.md", { cwd: root }),
    "examples/README.md",
    "templates/README.md",
    "CHANGELOG.md",
  ];
  return new Map(found.map((path) => path.replaceAll("\\", "/")).map((path) => [path, routeOf(path)]));
}

function routeOf(path: string): string {
  if (path === "CHANGELOG.md") return "changelog.md";
  const inDocs = path.replace(/^docs\//, "");
  const name = posix.basename(inDocs);
  // examples/promotion/README.md is one page beside the others, not a folder of pages.
  if (/^examples\/.+\/README\.md$/.test(inDocs)) return `${posix.dirname(inDocs)}.md`;
  return name === "README.md" || name === "_index.md" ? posix.join(posix.dirname(inDocs), "index.md") : inDocs;
}
