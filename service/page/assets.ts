import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { PAGE_PREFIX } from "./access/cookie.ts";

/** A file that pages load. */
export interface Asset {
  /** Path with the digest of the content in it: what a browser has under it is right for ever. */
  path: string;
  type: string;
  etag: string;
  body: Buffer;
}

/** The stylesheet and the script of all pages: files beside this one, as they were written. */
export const STYLE = load("page.css", "text/css; charset=utf-8");
export const SCRIPT = load("page.js", "text/javascript; charset=utf-8");

function load(name: string, type: string): Asset {
  const body = readFileSync(new URL(`assets/${name}`, import.meta.url));
  const digest = createHash("sha256").update(body).digest("hex").slice(0, 16);
  return { path: `${PAGE_PREFIX}/assets/${digest}/${name}`, type, etag: `"${digest}"`, body };
}
