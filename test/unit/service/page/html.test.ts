import fc from "fast-check";
import { parse, parseFragment, type DefaultTreeAdapterTypes as Tree } from "parse5";
import { describe, expect, it } from "vitest";
// Under another name the formatter leaves the templates as they are.
import { attr, html as write, type HtmlValue } from "../../../../service/page/html.ts";

type Element = Tree.Element;

/** What a browser makes of a piece of HTML: parse5 is the parser of the HTML standard's own tests. */
function read(text: string): Element[] {
  return parseFragment(text).childNodes.filter((node): node is Element => "tagName" in node);
}

const attributeOf = (element: Element | undefined, name: string) =>
  element?.attrs.find((each) => each.name === name)?.value;
const textOf = (element: Element | undefined): string =>
  (element?.childNodes ?? []).map((node) => ("value" in node ? node.value : textOf(node as Element))).join("");

/** What is left of a text on the way: halves of surrogate pairs and NUL have no place in HTML. */
const sent = (text: string) => text.toWellFormed().replaceAll("\0", "\ufffd");

const HOSTILE = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[<>"'&/=;! -]{0,8}(?:script|img|svg|style|!--|a)?[ "'<>/=]{0,4}(?:onerror=x|-->|javascript:)?$/),
  fc.constantFrom(
    '"><script>x</script>',
    "' onmouseover='x",
    "</title><script>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "\r\n\0x",
    "-->",
    "]]>",
  ),
);

describe("a value in a template", () => {
  it("stays text in a text, whatever it is", () => {
    fc.assert(
      fc.property(HOSTILE, HOSTILE, (one, two) => {
        const found = read(write`<p>${one}</p><b>x${[two, write`<i>${one}</i>`]}</b>`.text);
        expect(found.map(({ tagName }) => tagName)).toEqual(["p", "b"]);
        expect(textOf(found[0])).toBe(sent(one));
        expect(found[1]!.childNodes.filter((node) => "tagName" in node)).toHaveLength(1);
        expect(textOf(found[1])).toBe(`x${sent(two)}${sent(one)}`);
      }),
      { numRuns: 2_000 },
    );
  });

  it("stays the value of its attribute, and makes no other one", () => {
    fc.assert(
      fc.property(HOSTILE, HOSTILE, (one, two) => {
        const [found] = read(
          write`<p title="a ${one} b" data-x="${two}"${attr("aria-label", one)} class="c">t</p>`.text,
        );
        expect(found?.attrs).toEqual([
          { name: "title", value: `a ${sent(one)} b` },
          { name: "data-x", value: sent(two) },
          { name: "aria-label", value: sent(one) },
          { name: "class", value: "c" },
        ]);
        expect(textOf(found)).toBe("t");
      }),
      { numRuns: 2_000 },
    );
  });

  it("stays one part of a URL, which stays on this service", () => {
    fc.assert(
      fc.property(HOSTILE, HOSTILE, (one, two) => {
        const [found] = read(write`<a href="/ui/x/${one}/y?q=${two}">t</a>`.text);
        const url = new URL(attributeOf(found, "href")!, "http://service.test/ui/");
        expect(url.host).toBe("service.test");
        // Dots alone are a way up in every browser; names and ids of the service begin with a letter or digit.
        if (!/^(?:\.|%2e){1,2}$/i.test(one)) {
          expect(url.pathname.split("/").map(decodeURIComponent)).toEqual(["", "ui", "x", one.toWellFormed(), "y"]);
        }
        expect(url.searchParams.get("q")).toBe(two.toWellFormed());
      }),
      { numRuns: 2_000 },
    );
  });

  it("that is a whole URL leads to this service or is refused", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          HOSTILE,
          HOSTILE.map((text) => `/${text}`),
          fc.webUrl(),
        ),
        (url) => {
          let written: string;
          try {
            written = write`<a href="${url}">t</a>`.text;
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            return;
          }
          const href = attributeOf(read(written)[0], "href")!;
          expect(new URL(href, "http://service.test/ui/").host).toBe("service.test");
        },
      ),
      { numRuns: 3_000 },
    );
    for (const url of [
      "javascript:x",
      " javascript:x",
      "//evil.test",
      "/\\evil.test",
      "\\\\evil.test",
      "https://evil.test",
      "/\t/evil.test",
      "data:,x",
    ]) {
      expect(() => write`<a href="${url}">t</a>`, url).toThrow(TypeError);
    }
    for (const url of ["/", "/ui/", "/ui/builds/tb_1?from=2#end", "?after=x", "#main"]) {
      expect(attributeOf(read(write`<a href="${url}">t</a>`.text)[0], "href")).toBe(url);
    }
  });

  it("is refused where no value is safe", () => {
    const value = "x" as HtmlValue;
    const refused: Record<string, () => unknown> = {
      "a script": () => write`<script>${value}</script>`,
      "a script behind text": () => write`<script defer>let a = "${value}";</script>`,
      "a style": () => write`<style>p { color: ${value} }</style>`,
      "a frame": () => write`<iframe>${value}</iframe>`,
      "a handler": () => write`<p onclick="${value}">t</p>`,
      "a handler in capitals": () => write`<p onClick="f(${value})">t</p>`,
      "a style attribute": () => write`<p style="color: ${value}">t</p>`,
      "the document of a frame": () => write`<iframe srcdoc="${value}"></iframe>`,
      "a refresh": () => write`<meta http-equiv="refresh" content="0; url=${value}">`,
      "a name of an attribute": () => write`<p ${value}>t</p>`,
      "a value without quotes": () => write`<p title=${value}>t</p>`,
      "a value in single quotes": () => write`<p title='${value}'>t</p>`,
      "the name of an element": () => write`<${value}>t</p>`,
      "the name of a closing element": () => write`<p>t</${value}>`,
      "the end of a name": () => write`<p${value}>t</p>`,
      "a comment": () => write`<!-- ${value} -->`,
      "markup in an attribute": () => write`<p title="${write`<b>x</b>`}">t</p>`,
      "a list in an attribute": () => write`<p title="${["a"]}">t</p>`,
      "an attribute in a text": () => write`<p>${attr("class", "x")}</p>`,
      "an object": () => write`<p>${{} as HtmlValue}</p>`,
      "a template that ends in a tag": () => write`<p title="${value}"`,
      "a handler by attr": () => attr("onclick", "x"),
      "a URL by attr": () => attr("href", "javascript:x"),
      "a style by attr": () => attr("style", "x"),
      "a name that is two": () => attr("a b", "x"),
    };
    for (const [where, make] of Object.entries(refused)) expect(make, where).toThrow(TypeError);
  });

  it("that is absent leaves nothing, and a number is written", () => {
    expect(write`<p>${undefined}${null}${false}${0}${[1, "a"]}</p>`.text).toBe("<p>01a</p>");
    expect(write`<p${attr("hidden", true)}${attr("id", undefined)}${attr("open", false)}>t</p>`.text).toBe(
      "<p hidden>t</p>",
    );
  });

  it("stands in a title and behind a script", () => {
    const page = parse(
      write`<!doctype html><html><head><title>${"</title><script>"}</title><script src="/a.js"></script></head><body><p>${"<b>"}</p></body></html>`
        .text,
    );
    const text = JSON.stringify(page, (key, value: unknown) => (key === "parentNode" ? undefined : value));
    expect(text.match(/"tagName":"script"/g)).toHaveLength(1);
    expect(text).not.toContain('"tagName":"b"');
  });
});
