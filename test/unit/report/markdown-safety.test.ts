import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import type { Nodes } from "mdast";
import { describe, expect, it } from "vitest";
import { MAX_COMMENT_CHARACTERS, renderMarkdown, renderText } from "../../../provider/report/index.ts";
import { isMarkerName } from "../../../provider/report/index.ts";
import { sampleReport } from "./sample-report.ts";

const parse = (markdown: string) =>
  fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });

/** What a reader of GitHub's Markdown sees, without the words: the kinds of its parts and how they lie in each other. */
function shapeOf(node: Nodes): string {
  const children = "children" in node ? `(${node.children.map(shapeOf).join(" ")})` : "";
  // Of our own words all is known; code is where those of users stand.
  const words = node.type === "text" || node.type === "html" ? JSON.stringify(node.value) : "";
  return node.type + words + children;
}

/** Texts that have a meaning somewhere on the way. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        ..."`|\\<>@#*_~[]()!&$:-=+ \n\r\t\"'",
        ..."```,<b>,</details>,<!--,-->,@all,https://x.test,www.x.test,a@b.test,&lt;,\u202e,\u2028,\0,\ud800,a,1".split(
          ",",
        ),
        "\\|",
        "|---|",
        "\n\n# x",
        "\n```\n",
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);

describe("what a user has written", { timeout: 60_000 }, () => {
  it("is shown as code and changes nothing of the comment", () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 50, maxLength: 50 }), (texts) => {
        // A word of its own keeps every text unlike the others, before it or behind it.
        const given = (place: string): string => {
          const [own, odd] = [hash(place), texts[hash(place) % texts.length]!];
          return own % 2 === 0 ? `${own}${odd}` : `${odd}${own}`;
        };
        const report = (text: (place: string) => string) => {
          const made = sampleReport(text);
          // A message of one line stays on one: lines of their own are the errors'.
          for (const list of [made.stacks[0]!.warnings, made.stacks[0]!.notes])
            for (const message of list) message.text = message.text.replaceAll("\n", " ");
          return renderMarkdown(made, "preview");
        };
        const plain = report((place) => `x${hash(place)}${"\n".repeat(newlines(given(place)))}`);
        expect(shapeOf(parse(report(given)))).toBe(shapeOf(parse(plain)));
      }),
      { numRuns: 100 },
    );
  });

  it("mentions nobody, links nothing, and is there to the letter", () => {
    for (const text of [
      "@all",
      "a|b",
      "a\\|b",
      "a\\",
      "`x",
      "``x``",
      "<img src=x>",
      "https://x.test",
      " x ",
      "&amp;",
      "#1",
    ]) {
      const tree = parse(
        renderMarkdown(
          sampleReport(() => text),
          "preview",
        ),
      );
      const [codes, others] = [[] as string[], [] as string[]];
      visit(tree, (node) => {
        if (node.type === "inlineCode") codes.push(node.value.replaceAll("\u2060", ""));
        else if (node.type === "text" || node.type === "html") others.push(node.value);
        expect(node.type).not.toMatch(/link|image|footnote/i);
      });
      expect([...new Set(codes)]).toEqual(expect.arrayContaining([text]));
      expect(
        codes.filter((code) => ![text, `${text}:${text}`, code.includes("+") ? code : text].includes(code)),
      ).toEqual([]);
      expect(others.join("\n")).not.toMatch(/@|<img/);
    }
  });

  it("does not hide: controls and directions of writing are spelled out", () => {
    const markdown = renderMarkdown(
      sampleReport(() => "a\u202eb\0c\u200bd"),
      "preview",
    );
    expect(markdown).toContain("a\\u{202e}b\\u{0}c\\u{200b}d");
    expect(renderText(sampleReport(() => "a\u001b[31mb"))).toContain("a\\u{1b}[31mb");
  });
});

describe("the length of a comment", { timeout: 60_000 }, () => {
  it("stays below GitHub's limit whatever comes, and what is cut is said", () => {
    fc.assert(
      fc.property(
        fc.record({
          files: fc.nat(100),
          stacks: fc.nat(30),
          length: fc.nat(3000),
          unit: fc.constantFrom("x", "`", "é", "😀", "\n"),
        }),
        ({ files, stacks, length, unit }) => {
          const text = renderMarkdown(
            sampleReport(() => unit.repeat(length), { files, stacks }),
            "preview",
          );
          expect(Buffer.byteLength(text)).toBeLessThan(MAX_COMMENT_CHARACTERS);
        },
      ),
      { numRuns: 20 },
    );
    const manyFiles = renderMarkdown(
      sampleReport((place) => place, { files: 5000 }),
      "preview",
    );
    expect(manyFiles).toContain("… and 4700 more");
    const manyStacks = renderMarkdown(
      sampleReport((place) => place, { stacks: 500 }),
      "preview",
    );
    expect(manyStacks).toMatch(/\d+ of 500 stacks are left out, and long lists, values and messages are cut/);
    expect(parse(manyStacks).children.filter(({ type }) => type === "heading").length).toBeGreaterThan(50);
  });
});

it("is found again by a first line that nobody sees, whose name cannot end it", () => {
  expect(
    renderMarkdown(
      sampleReport(() => "x"),
      "preview",
    ),
  ).toMatch(/^<!-- pulumi-nullspace report: preview -->\n/);
  expect(["a", "a-b", "prod.eu"].every(isMarkerName)).toBe(true);
  expect(["", "a--b", "-", "a>", "a b", "a-"].some(isMarkerName)).toBe(false);
});

function visit(node: Nodes, see: (node: Nodes) => void): void {
  see(node);
  if ("children" in node) for (const child of node.children) visit(child, see);
}

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 7);
}

function newlines(text: string): number {
  return text.split("\n").length - 1;
}
