import { describe, expect, it } from "vitest";
import { REPOSITORY, rewriteLinks } from "../../../site/pages/links.ts";

const routes = new Map([
  ["docs/_index.md", "index.md"],
  ["docs/sdk.md", "sdk.md"],
  ["docs/provider/README.md", "provider/index.md"],
  ["docs/guides/promotion.md", "guides/promotion.md"],
  ["examples/secrets/README.md", "examples/secrets.md"],
]);
const inGuide = (markdown: string) => rewriteLinks(markdown, "docs/guides/promotion.md", routes);

describe("a link of a page", () => {
  it("leads to the page of that file, with its anchor", () => {
    expect(inGuide("see [the SDK](../sdk.md#names) and [ours](promotion.md)")).toBe(
      "see [the SDK](../sdk.md#names) and [ours](./promotion.md)",
    );
    expect(inGuide("[start](../_index.md), [provider](../provider/README.md)")).toBe(
      "[start](../index.md), [provider](../provider/index.md)",
    );
  });

  it("leads to the page of a folder's README", () => {
    expect(inGuide("[it](../../examples/secrets)")).toBe("[it](../examples/secrets.md)");
  });

  it("leads to the repository where the site has no such page", () => {
    expect(inGuide("[a](../../examples/quickstart), [b](../../scripts/setup.mjs), [c](../../LICENSE)")).toBe(
      `[a](${REPOSITORY}/tree/main/examples/quickstart), [b](${REPOSITORY}/blob/main/scripts/setup.mjs), [c](${REPOSITORY}/blob/main/LICENSE)`,
    );
  });

  it("starts from where its page is on the site", () => {
    expect(rewriteLinks("[i](index.ts) [all](../README.md)", "examples/secrets/README.md", routes)).toBe(
      `[i](${REPOSITORY}/blob/main/examples/secrets/index.ts) [all](${REPOSITORY}/blob/main/examples/README.md)`,
    );
    expect(rewriteLinks("[p](../../docs/guides/promotion.md)", "examples/secrets/README.md", routes)).toBe(
      "[p](../guides/promotion.md)",
    );
  });

  it("stays as it is in code, on the same page, and elsewhere", () => {
    const text = "`[a](b.md)` [c](#d) [e](https://example.com/f.md)\n\n```md\n[g](h.md)\n```\n";
    expect(inGuide(text)).toBe(text);
  });

  it("is found when its text holds its address, in a table, and as a definition", () => {
    expect(inGuide("| [../sdk.md](../sdk.md) |\n| --- |\n| [x][y] |\n\n[y]: ../provider/README.md\n")).toBe(
      "| [../sdk.md](../sdk.md) |\n| --- |\n| [x][y] |\n\n[y]: ../provider/index.md\n",
    );
  });
});
