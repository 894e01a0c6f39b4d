import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeReport, readPreview, renderMarkdown, type StackReport } from "../../../provider/report/index.ts";

/** What the real CLI has printed: `npm run record:previews` records it again, together with what is made of it. */
const GOLDEN = join(import.meta.dirname, "golden");
const files = readdirSync(GOLDEN).filter((name) => name.endsWith(".json"));
const documents = files.filter((name) => !name.endsWith(".events.json"));

const stackOf = (name: string): StackReport =>
  makeReport([{ preview: readPreview(readFileSync(join(GOLDEN, name), "utf8")) }]).stacks[0]!;

describe("the report of what the CLI printed", () => {
  it.each(documents)("%s is the comment that it is to be", async (name) => {
    const report = makeReport([{ preview: readPreview(readFileSync(join(GOLDEN, name), "utf8")) }]);
    await expect(renderMarkdown(report, "preview")).toMatchFileSnapshot(join(GOLDEN, name.replace(/json$/, "md")));
  });

  it.each(files.filter((name) => name.endsWith(".events.json")))("%s tells the same as the one document", (name) => {
    const [events, document] = [name, name.replace(".events", "")].map((file) => {
      const { templates, tags, aliases, pools, errors, verdict } = stackOf(file);
      // Events do not tell what depends on what: of an unknown input, what it is made of alone.
      return { templates, tags, aliases, errors, verdict, pools: pools.map(({ inputs: _, ...pool }) => pool) };
    });
    expect(events).toEqual(document);
  });

  it.each(documents.filter((name) => name.startsWith("dynamic-")))("%s claims what the plugin claims", (name) => {
    const [dynamic, plugin] = [name, name.replace("dynamic-", "plugin-")].map((file) => {
      const { templates, tags, aliases, failed } = stackOf(file);
      return { templates, tags, aliases, failed };
    });
    expect(withoutIds(dynamic)).toEqual(withoutIds(plugin));
  });
});

/** Builds are numbered in each file by itself. */
function withoutIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/tb_\d{26}/g, "tb_"));
}
