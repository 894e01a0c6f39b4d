import { request, type Dispatcher } from "undici";
import { parse, type DefaultTreeAdapterTypes as Tree } from "parse5";

/** An answer to a browser. */
export interface Seen {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Where it leads, of a redirect. */
  location: string | undefined;
}

/** As much of a browser as the page needs without its script: a cookie, links, forms. */
export class Browser {
  readonly #url: string;
  cookie: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  get origin(): string {
    return new URL(this.#url).origin;
  }

  async ask(
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: string } = {},
  ): Promise<Seen> {
    const answer = await request(new URL(path, this.#url), {
      method: method as Dispatcher.HttpMethod,
      headers: {
        accept: "text/html,*/*;q=0.8",
        ...(this.cookie !== undefined && { cookie: this.cookie }),
        ...options.headers,
      },
      ...(options.body !== undefined && { body: options.body }),
    });
    const set = answer.headers["set-cookie"];
    for (const header of set === undefined ? [] : [set].flat()) {
      const pair = header.split(";", 1)[0]!;
      this.cookie = pair.endsWith("=") ? undefined : pair;
    }
    const text = await answer.body.text();
    const { location } = answer.headers;
    return { status: answer.statusCode, headers: answer.headers, text, location: location as string | undefined };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Seen> {
    return this.ask("GET", path, { headers });
  }

  /** Sends a form as a browser does from a page of the service. */
  post(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Seen> {
    return this.ask("POST", path, {
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        origin: "null",
        "sec-fetch-site": "same-origin",
        ...headers,
      },
      body: new URLSearchParams(form).toString(),
    });
  }

  /** Logs in. */
  logIn(key: string): Promise<Seen> {
    return this.post("/ui/log-in", { key });
  }
}

/** Elements of a page, in the order of the document. */
export function elementsOf(text: string): Tree.Element[] {
  const found: Tree.Element[] = [];
  const walk = (node: Tree.Node): void => {
    if ("tagName" in node) found.push(node);
    if ("childNodes" in node) node.childNodes.forEach(walk);
  };
  walk(parse(text));
  return found;
}

export function attributeOf(element: Tree.Element, name: string): string | undefined {
  return element.attrs.find((each) => each.name === name)?.value;
}

/** The hidden fields of the first form that goes to a path. */
export function hiddenFields(text: string, action: string): Record<string, string> {
  const form = elementsOf(text).find((each) => each.tagName === "form" && attributeOf(each, "action") === action);
  if (form === undefined) throw new Error(`there is no form to ${action}`);
  const inside: Tree.Element[] = [];
  const walk = (node: Tree.Node): void => {
    if ("tagName" in node) inside.push(node);
    if ("childNodes" in node) node.childNodes.forEach(walk);
  };
  walk(form);
  return Object.fromEntries(
    inside
      .filter((each) => each.tagName === "input" && attributeOf(each, "type") === "hidden")
      .map((each) => [attributeOf(each, "name") ?? "", attributeOf(each, "value") ?? ""]),
  );
}
