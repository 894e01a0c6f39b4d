import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTemplateRef, parseTemplateRef, TemplateRefError, type TemplateRef } from "../../../sdk/wire/index.ts";

describe("a template reference", () => {
  it.each<[string, TemplateRef]>([
    ["tmpl_abc", { kind: "artifact", templateId: "tmpl_abc" }],
    ["web", { kind: "name", name: "web" }],
    ["web:v1", { kind: "name", name: "web", tag: "v1" }],
    ["web:tb_1", { kind: "name", name: "web", buildId: "tb_1" }],
    ["acme/web", { kind: "name", namespace: "acme", name: "web" }],
    ["acme-labs/web:V.1_x", { kind: "name", namespace: "acme-labs", name: "web", tag: "V.1_x" }],
    [
      "0a8dd208-e05e-4e35-9f5d-a481f596134b/web:tb_1",
      { kind: "name", namespace: "0a8dd208-e05e-4e35-9f5d-a481f596134b", name: "web", buildId: "tb_1" },
    ],
  ])("%s is read and printed back", (text, ref) => {
    expect(parseTemplateRef(text)).toEqual(ref);
    expect(formatTemplateRef(ref)).toBe(text);
  });

  it.each([
    ["", "the name"],
    ["/web", "the namespace"],
    ["acme/", "the name"],
    ["a/b/c", "the name"],
    ["web:", "the tag"],
    ["web:v1:v2", "the tag"],
    ["Web", "the name"],
    ["acme_1/web", "the namespace"],
    ["acme/tmpl_1", "the name"],
    ["tb_1", "the name"],
    ["web:tmpl_1", "the tag"],
    ["web:tb_", "the build"],
    ["tmpl_", "an artifact id"],
    ["tmpl_ü", "an artifact id"],
    ["wéb", "the name"],
    ["名前", "the name"],
    [`${"x".repeat(129)}`, "the name"],
    ["web\n", "the name"],
  ])("%j is refused, naming the part", (text, part) => {
    expect(() => parseTemplateRef(text)).toThrow(TemplateRefError);
    expect(() => parseTemplateRef(text)).toThrow(part);
  });

  it("survives printing and reading whatever its parts are", () => {
    const isFree = (text: string): boolean => !/^(tb|tmpl)_/.test(text);
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/).filter(isFree);
    const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/).filter(isFree);
    const namespace = fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}$/);
    const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
    const qualifier = fc.oneof(
      fc.constant({}),
      fc.record({ tag }),
      fc.record({ buildId: id.map((one) => `tb_${one}`) }),
    );
    const ref = fc.oneof(
      id.map((one): TemplateRef => ({ kind: "artifact", templateId: `tmpl_${one}` })),
      fc
        .tuple(fc.record({ name, namespace }, { requiredKeys: ["name"] }), qualifier)
        .map(([named, qualified]): TemplateRef => ({ kind: "name", ...named, ...qualified })),
    );
    fc.assert(fc.property(ref, (one) => void expect(parseTemplateRef(formatTemplateRef(one))).toEqual(one)));
  });

  it("is read in full or refused, for any text", () => {
    const pieces = fc.array(fc.constantFrom("tb_", "tmpl_", "web", "/", ":", "-", "A", ".", "0", "é", " "), {
      maxLength: 8,
    });
    const texts = fc.oneof(
      fc.string(),
      pieces.map((some) => some.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          return formatTemplateRef(parseTemplateRef(text)) === text;
        } catch (error) {
          return error instanceof TemplateRefError;
        }
      }),
    );
  });
});
