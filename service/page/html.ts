/**
 * HTML with values in it. Each value is written as its place asks for, which is read from the template around it: text, the
 * value of an attribute, or a URL. Where no value can be written safely (scripts, styles, comments, handlers, names), the
 * template is refused when it is first used. `test/unit/service/page/html.test.ts` tries it with a browser's parser.
 */

/** A piece of HTML that is safe as it stands. Only {@link html} and {@link attr} make one. */
class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export class Html extends Markup {}
class Attribute extends Markup {}

/** What may stand in a template; of `undefined`, `null` and `false` nothing is written. */
export type HtmlValue = Html | Attribute | string | number | false | null | undefined | readonly HtmlValue[];

type Place = { in: "text" | "tag" | "value" | "raw"; element: string; attribute: string; isStart: boolean };

const RAW = /^(?:script|style|iframe|noembed|noframes|noscript|plaintext|xmp)$/;
const URLS = /^(?:href|src|action|formaction)$/;
const REFUSED = /^(?:on.*|style|srcdoc|srcset|ping|data|http-equiv|content)$/;
const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** @example html`<a href="/ui/builds/${id}">${name}</a>` */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  let place: Place = { in: "text", element: "", attribute: "", isStart: false };
  let text = "";
  for (const [index, part] of strings.entries()) {
    place = behind(place, part);
    text += part + (index < values.length ? written(values[index], place) : "");
    place.isStart = false;
  }
  if (place.in !== "text") throw new TypeError(`a template ends inside <${place.element}>`);
  return new Html(text);
}

/** ` name="value"` for the inside of a tag; nothing for `false` and `undefined`, the name alone for `true`. */
export function attr(name: string, value: string | number | boolean | undefined): Attribute {
  if (!/^[a-z][a-z-]*$/.test(name) || URLS.test(name) || REFUSED.test(name)) throw new TypeError(`no ${name} here`);
  if (value === undefined || value === false) return new Attribute("");
  return new Attribute(value === true ? ` ${name}` : ` ${name}="${escaped(String(value))}"`);
}

function written(value: HtmlValue, place: Place): string {
  if (value === undefined || value === null || value === false) return "";
  const { in: where, attribute, element } = place;
  const isValue = where === "value" && !REFUSED.test(attribute);
  if (where === "text" && Array.isArray(value)) return value.map((each: HtmlValue) => written(each, place)).join("");
  if (where === "text" && value instanceof Html) return value.text;
  if (where === "tag" && value instanceof Attribute) return value.text;
  if ((where !== "text" && !isValue) || (typeof value !== "string" && typeof value !== "number")) {
    throw new TypeError(`this value cannot stand ${isValue ? `in ${attribute} of` : "in"} <${element}>`);
  }
  if (!isValue || !URLS.test(attribute)) return escaped(String(value));
  if (!place.isStart) return encodeURIComponent(String(value).toWellFormed());
  // A path of this service, a query or a fragment: no scheme, no other host.
  if (!/^(?:\/(?!\/)|[?#])[\x21-\x5b\x5d-\x7e]*$|^\/$/.test(String(value)))
    throw new TypeError(`no path of ours: ${value}`);
  return escaped(String(value));
}

function escaped(text: string): string {
  const safe = text
    .toWellFormed()
    .replaceAll("\0", "\ufffd")
    .replaceAll(/[&<>"']/g, (c) => ENTITIES[c]!);
  return safe.replaceAll("\r", "&#13;");
}

/** The place behind a part of a template that begins at a place. Values of attributes stand in double quotes. */
function behind(from: Place, part: string): Place {
  const place = { ...from };
  for (let at = 0; at < part.length;) {
    const next = { text: /<(!--|!doctype|\/?[a-z][a-z0-9]*)/gi, raw: new RegExp(`<(/${place.element})(?=>)`, "gi"), value: /"/g,
      tag: /\s+([a-z][a-z0-9-]*)="|\s+[a-z][a-z0-9-]*(?=[\s/>])|\s+|\/?(>)/giy }[place.in]; // prettier-ignore
    next.lastIndex = at;
    const found = next.exec(part);
    if (found === null && place.in === "tag") throw new TypeError(`<${place.element}: write name="value"`);
    if (found === null && place.in === "text" && /<[/!-]*$/.test(part))
      throw new TypeError("no name of an element can be a value");
    if (found === null) return { ...place, isStart: false };
    at = next.lastIndex;
    const name = found[1]?.toLowerCase() ?? "";
    if (name === "!--") throw new TypeError("no comments in templates");
    if (place.in === "value") place.in = "tag";
    else if (place.in !== "tag") Object.assign(place, { in: "tag", element: name });
    else if (found[2] !== undefined) place.in = RAW.test(place.element) ? "raw" : "text";
    else if (name !== "") Object.assign(place, { in: "value", attribute: name, isStart: true });
  }
  return place;
}
