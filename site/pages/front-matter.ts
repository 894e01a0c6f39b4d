/** What stands above a page: `title: …` and so on. */
export interface Page {
  matter: ReadonlyMap<string, string>;
  body: string;
}

const MATTER = /^---\n([\s\S]*?)\n---\n+/;

/** Takes the front matter off a page. It may hold plain lines `name: value` only. */
export function readFrontMatter(markdown: string): Page {
  const [head, lines = ""] = MATTER.exec(markdown) ?? [""];
  const matter = new Map<string, string>();
  for (const line of lines === "" ? [] : lines.split("\n")) {
    const [, name, value] = /^(\w+): (.+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`front matter that is not "name: value": ${line}`);
    matter.set(name, value);
  }
  return { matter, body: markdown.slice(head.length) };
}
