import { TemplateRefError } from "pulumi-nullspace/wire";

const PREFIX = "/v1/templates/refs/";

/** Words that name a sub-resource behind a ref, and how many segments may follow them. */
const SUB_RESOURCES: Record<string, number> = {
  tags: 1,
  "tag-moves": 0,
  aliases: 1,
  builds: 0,
  rename: 0,
  visibility: 0,
};

/** Sub-resources that are read with GET, like the template itself, so that only the store tells the two apart. */
const READABLE = new Set(["tags", "tag-moves", "aliases", "builds"]);

/**
 * Rewrites a ref whose slash travels unencoded (`refs/acme/web/tags`) to the one-segment form that the routes know
 * (`refs/acme%2Fweb/tags`). Other URLs come back as they are.
 *
 * A template may be named like a sub-resource, so `GET refs/acme/tags` first means the template `acme/tags`, and only
 * when there is none the tags of `acme`. Longer paths are clear by their length.
 *
 * @param refExists whether a decoded ref names a template
 */
export function canonicalRefUrl(method: string, url: string, refExists: (ref: string) => boolean): string {
  if (!url.startsWith(PREFIX)) return url;
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  const segments = path.slice(PREFIX.length).split("/");
  const [first = "", second, third] = segments;
  // One segment, or a first one that already holds its slash (or is an id): nothing to join.
  if (second === undefined || /%2f/i.test(first) || first.startsWith("tmpl_")) return url;

  const followers = SUB_RESOURCES[second];
  let joined: boolean;
  if (followers === undefined) joined = true;
  else if (segments.length === 2) joined = method === "GET" && READABLE.has(second) && exists(`${first}/${second}`);
  else if (third !== undefined && third in SUB_RESOURCES && segments.length === 3) {
    // `refs/acme/tags/tags`: the tags of `acme/tags`, unless a tag (or alias) of `acme` is what is being removed.
    joined = method !== "DELETE" || followers === 0;
  } else joined = segments.length > 2 + followers;
  if (!joined) return url;
  const rest = [`${first}%2F${second}`, ...segments.slice(2)].join("/");
  return PREFIX + rest + (query < 0 ? "" : url.slice(query));

  function exists(encoded: string): boolean {
    try {
      return refExists(decodeURIComponent(encoded));
    } catch (error) {
      // Neither names a template: broken percent encoding (the router answers that with its own 400), and what is no ref.
      if (error instanceof URIError || error instanceof TemplateRefError) return false;
      throw error;
    }
  }
}
