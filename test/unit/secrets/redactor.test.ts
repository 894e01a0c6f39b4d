import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRedactor, MASK, SecretStore } from "../../../sdk/secrets/index.ts";

describe("a redactor", () => {
  it("blanks a secret out wherever it stands, and each line of one that has several", () => {
    const { text } = createRedactor(["hunter22", "first line\nsecond line\n", "abc"]);
    expect(text("a hunter22hunter22 b")).toBe(`a ${MASK}${MASK} b`);
    expect(text("x second line y")).toBe(`x ${MASK} y`);
    // Too short to be a secret, and long enough to garble other words.
    expect(text("abcdef")).toBe("abcdef");
  });

  it("takes the longest first, so that no part of a secret is left", () => {
    expect(createRedactor(["pass", "password", "my password"]).text("my password, password")).toBe(`${MASK}, ${MASK}`);
  });

  it.each([
    ["base64", (secret: string) => Buffer.from(secret).toString("base64")],
    ["an HTTP login", (secret: string) => Buffer.from(`me:${secret}`).toString("base64")],
    ["a login of another length", (secret: string) => Buffer.from(`user:${secret}`).toString("base64url")],
    ["a URL", (secret: string) => `https://u:${encodeURIComponent(secret)}@host/`],
    ["a form", (secret: string) => new URLSearchParams({ secret }).toString()],
    ["JSON", (secret: string) => JSON.stringify({ secret })],
  ])("finds it in %s", (_form, encode) => {
    for (const secret of ['p@ss "wörd"/+%', "hunter2-is-secret", "日本語のひみつ", "a\tb\\c d"]) {
      const redacted = createRedactor([secret]).text(encode(secret));
      expect(redacted).toContain(MASK);
      expect(redacted).not.toContain(encode(secret));
    }
  });

  it("works on values, never through JSON text", () => {
    const date = new Date(0);
    const value = { "key hunter22": ["hunter22", 1, null, { deep: 'quote " hunter22' }], date };
    expect(createRedactor(["hunter22"]).value(value)).toEqual({
      [`key ${MASK}`]: [MASK, 1, null, { deep: `quote " ${MASK}` }],
      date,
    });
    // A quote that ends a secret would break JSON text.
    expect(createRedactor(['secret"']).value({ a: 'a secret" b' })).toEqual({ a: `a ${MASK} b` });
  });

  it("leaves nothing of any secret of four characters or more", () => {
    const secret = fc.stringMatching(/^[!-~]{4,20}$/).filter((text) => !MASK.includes(text));
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(2)), (secrets, order) => {
        const redacted = createRedactor(secrets).text(order.map((index) => secrets[index % secrets.length]).join(" "));
        for (const one of secrets) expect(redacted).not.toContain(one);
      }),
    );
  });

  it("leaves texts without a secret alone", () => {
    const { text } = createRedactor(["hunter22", "p@ss.word+?(x)[y]"]);
    for (const other of ["hunter 22", "p@ssXword", "", "a.b*c"]) expect(text(other)).toBe(other);
    expect(createRedactor([]).text("anything")).toBe("anything");
  });
});

describe("a store of secrets", () => {
  it("redacts what has come in so far", () => {
    const store = new SecretStore();
    expect(store.text("hunter22")).toBe("hunter22");
    store.add(["hunter22"]);
    expect(store.text("hunter22")).toBe(MASK);
    expect(store.value({ a: "hunter22" })).toEqual({ a: MASK });
  });

  it("does not grow without an end", () => {
    const store = new SecretStore();
    store.add(Array.from({ length: 10_050 }, (_, index) => `secret-${index}-`));
    expect(store.text("secret-0- secret-10049-")).toBe(`secret-0- ${MASK}`);
  });
});
