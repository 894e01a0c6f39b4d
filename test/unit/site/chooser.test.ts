import { describe, expect, it } from "vitest";
import { choosersToTabs, readChoosers } from "../../../site/pages/chooser.ts";

const page = (languages: string, ...blocks: string[]) =>
  ["before", "", `{{< chooser language "${languages}" >}}`, "", ...blocks, "{{< /chooser >}}", "", "after", ""].join(
    "\n",
  );
const block = (language: string, inside: string) =>
  `{{% choosable language ${language} %}}\n\n${inside}\n\n{{% /choosable %}}\n`;
const fence = (tag: string, program: string) => `\`\`\`${tag}\n${program}\n\`\`\``;

describe("a chooser", () => {
  const good = page(
    "typescript,csharp",
    block("typescript", fence("ts", "const a = 1;\n\nvoid a;")),
    block("csharp", fence("csharp", "var a = 1;")),
  );

  it("is read as the program of each language", () => {
    expect(readChoosers(good)).toEqual([
      [
        { language: "typescript", tag: "ts", program: "const a = 1;\n\nvoid a;" },
        { language: "csharp", tag: "csharp", program: "var a = 1;" },
      ],
    ]);
  });

  it("becomes tabs with the names of the languages, and leaves the rest as it is", () => {
    expect(choosersToTabs(good)).toBe(
      "before\n\n::: code-group\n\n```ts [TypeScript]\nconst a = 1;\n\nvoid a;\n```\n\n```csharp [C#]\nvar a = 1;\n```\n\n:::\n\nafter\n",
    );
  });

  it("is refused when a language is missing, or holds no program, or a shortcode is left over", () => {
    expect(() => readChoosers(page("typescript,go", block("typescript", fence("ts", "1"))))).toThrow(
      "a chooser of typescript,go has typescript",
    );
    expect(() => readChoosers(page("go", block("go", "just words")))).toThrow("the choosable go does not hold one");
    expect(() => choosersToTabs("{{% choosable language go %}}\n")).toThrow("no part of a chooser");
  });
});
