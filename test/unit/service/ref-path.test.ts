import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTemplateRef } from "../../../sdk/wire/index.ts";
import { canonicalRefUrl } from "../../../service/http/ref-path.ts";

const P = "/v1/templates/refs/";
const none = () => false;

describe("a path with a ref whose slash is not encoded", () => {
  it.each([
    ["GET", "acme/web", "acme%2Fweb"],
    ["DELETE", "acme/web:v1", "acme%2Fweb:v1"],
    ["GET", "acme/web?fields=id", "acme%2Fweb?fields=id"],
    ["GET", "acme/web/tags", "acme%2Fweb/tags"],
    ["DELETE", "acme/web/tags/v%201", "acme%2Fweb/tags/v%201"],
    ["DELETE", "acme/web/aliases/acme%2Fold", "acme%2Fweb/aliases/acme%2Fold"],
    ["POST", "acme/web/rename", "acme%2Fweb/rename"],
    ["PATCH", "acme/web/visibility", "acme%2Fweb/visibility"],
    ["GET", "acme/web/tag-moves?tag=v1", "acme%2Fweb/tag-moves?tag=v1"],
    ["GET", "web/tag-moves", "web/tag-moves"],
    ["GET", "acme/tags/tags", "acme%2Ftags/tags"],
    ["POST", "acme/builds/rename", "acme%2Fbuilds/rename"],
    ["DELETE", "acme/tags/tags/v1", "acme%2Ftags/tags/v1"],
    // A tag called `tags` of `acme` is removed here: only DELETE has a segment behind `tags`.
    ["DELETE", "acme/tags/tags", "acme/tags/tags"],
    ["GET", "web/tags", "web/tags"],
    ["POST", "web/rename", "web/rename"],
    ["GET", "acme%2Fweb/tags", "acme%2Fweb/tags"],
    ["GET", "tmpl_x/builds?limit=1", "tmpl_x/builds?limit=1"],
    ["GET", "web", "web"],
  ])("%s %s is %s", (method, path, expected) => {
    expect(canonicalRefUrl(method, P + path, none)).toBe(P + expected);
  });

  it("first means a template that is named like a sub-resource, if there is one", () => {
    const exists = (ref: string) => ref === "acme/tags";
    expect(canonicalRefUrl("GET", `${P}acme/tags`, exists)).toBe(`${P}acme%2Ftags`);
    expect(canonicalRefUrl("GET", `${P}acme/aliases`, exists)).toBe(`${P}acme/aliases`);
    // There is nothing to post to a template itself.
    expect(canonicalRefUrl("POST", `${P}acme/tags`, exists)).toBe(`${P}acme/tags`);
  });

  it("is left to the router when its encoding is broken", () => {
    expect(canonicalRefUrl("GET", `${P}%E0%A4/tags`, () => true)).toBe(`${P}%E0%A4/tags`);
  });

  it("is left as it is when what it joins to is no reference", () => {
    const refExists = (ref: string) => parseTemplateRef(ref).kind === "name";
    for (const segment of ["%C3%91", "Acme", "%00", "a b", ":"]) {
      expect(canonicalRefUrl("GET", `${P}${segment}/tags`, refExists)).toBe(`${P}${segment}/tags`);
    }
  });

  it("comes out in the same form when it is rewritten once more, and others are never touched", () => {
    const segment = fc.constantFrom("acme", "web", "tags", "aliases", "builds", "rename", "tmpl_1", "a%2Fb", "");
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), fc.constantFrom("GET", "DELETE", "POST"), (segments, method) => {
        const once = canonicalRefUrl(method, P + segments.join("/"), none);
        expect(canonicalRefUrl(method, once, none)).toBe(once);
        const elsewhere = `/v1/${segments.join("/")}`;
        expect(canonicalRefUrl(method, elsewhere, none)).toBe(elsewhere);
      }),
    );
  });
});
