import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Redactor } from "../../../sdk/secrets/index.ts";

const escapeAll = (text: string): string =>
  [...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");
const percentAll = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const form = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);
const basic = (user: string, password: string): string => Buffer.from(`${user}:${password}`).toString("base64");
const inUrl = (password: string): string => {
  const url = new URL("http://user@host/");
  url.password = password;
  return url.href;
};

describe("a redactor", () => {
  it("masks a secret wherever it stands, and each line of one that has several", () => {
    const redactor = new Redactor(["hunter22", "first line\nsecond line\n", "abc"]);
    expect(redactor.text("a hunter22hunter22 b")).toBe("a [secret][secret] b");
    expect(redactor.text("x second line y")).toBe("x [secret] y");
    // Too short to be a secret, and long enough to garble other words.
    expect(redactor.text("abcdef")).toBe("abcdef");
  });

  it("leaves no rest of a secret that overlaps with another", () => {
    const redactor = new Redactor(["abcd", "cdefgh", "secret"]);
    expect(redactor.text("<abcdefgh>")).toBe("<[secret]>");
    expect(redactor.text("abcd secret")).toBe("[secret] [secret]");
  });

  it("masks a user name and password of a header and of a URL", () => {
    const redactor = new Redactor(["p@ss/w?rd+é"]);
    for (const user of ["a", "ab", "abc"]) {
      expect(redactor.text(`Authorization: Basic ${basic(user, "p@ss/w?rd+é")}`)).toMatch(
        /^Authorization: Basic .{0,8}\[secret\].{0,4}$/,
      );
    }
    expect(redactor.text(`GET ${inUrl("p@ss/w?rd+é")}: refused`)).toBe("GET http://user:[secret]@host/: refused");
  });

  it("masks a secret in JSON that is quoted in JSON", () => {
    const redactor = new Redactor(['se"cret\\value']);
    const once = JSON.stringify({ a: 'se"cret\\value', b: 1 });
    expect(redactor.text(once)).toBe('{"a":"[secret]","b":1}');
    expect(redactor.text(JSON.stringify({ once }))).toContain("[secret]");
    expect(redactor.text(JSON.stringify({ once }))).not.toContain("cret\\\\");
  });

  it("masks a secret with quotes in the trace of a shell, as bash and busybox quote it", () => {
    const redactor = new Redactor([`it"s a 'secret' $HOME`]);
    expect(redactor.text(`+ : 'it"s a '\\''secret'\\'' $HOME'`)).toBe("+ : '[secret]'");
    expect(redactor.text(`+ : 'it"s a '"'"'secret'"'"' $HOME'`)).toBe("+ : '[secret]'");
  });

  it("masks the key in the text of a service account", () => {
    const key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n";
    const redactor = new Redactor([JSON.stringify({ type: "service_account", private_key: key })]);
    expect(redactor.text("read MIIEvQIBADANBg")).toBe("read [secret]");
  });

  it("masks the texts of a value, of an error too, and nothing else", () => {
    const redactor = new Redactor(["hunter22"]);
    const at = new Date(0);
    expect(redactor.value({ a: ["x hunter22"], n: 1, at, none: undefined, hunter22: null })).toEqual({
      a: ["x [secret]"],
      n: 1,
      at,
      none: undefined,
      hunter22: null,
    });
    const error = Object.assign(new Error("no hunter22", { cause: new Error("hunter22") }), { code: "x" });
    expect(redactor.value(error)).toMatchObject({ message: "no [secret]", code: "x", cause: { message: "[secret]" } });
    expect(JSON.stringify(redactor.value(error))).not.toContain("hunter22");
  });

  it("forgets the oldest value beyond its limit", () => {
    const redactor = new Redactor(["first-value", "second-value"], { limit: 2 });
    redactor.add(["first-value", "third-value"]);
    expect(redactor.text("first-value second-value third-value")).toBe("[secret] second-value [secret]");
  });

  it("masks a secret with percent signs of its own where a URL escapes only the rest of it", () => {
    expect(inUrl(":pass%00word!")).toBe("http://user:%3Apass%00word!@host/");
    expect(new Redactor([":pass%00word!"]).text(inUrl(":pass%00word!"))).toBe("http://user:[secret]@host/");
  });

  it("leaves nothing of any secret in any form, whatever stands around it", () => {
    // A secret that is part of the mask itself cannot but be in the result.
    const secret = fc
      .oneof(fc.stringMatching(/^[!-~]{4,20}$/), fc.string({ unit: "grapheme", minLength: 4, maxLength: 12 }))
      .map((text) => text.trim())
      .filter((text) => text.length >= 4 && text.isWellFormed() && !/[\r\n]/.test(text) && !"[secret]".includes(text))
      // Nor is one looked for that a reader of URLs takes for fewer than four characters.
      .filter((text) => text.replaceAll(/%[0-9A-Fa-f]{2}/g, "%").length >= 4);
    const forms: ((text: string) => string)[] = [
      (text) => text,
      (text) => encodeURIComponent(text),
      percentAll,
      form,
      (text) => inUrl(text),
      (text) => JSON.stringify(text),
      (text) => JSON.stringify(JSON.stringify(text)),
      escapeAll,
    ];
    fc.assert(
      fc.property(secret, fc.nat(forms.length - 1), fc.stringMatching(/^[ a-z]{0,9}$/), (value, which, around) => {
        const printed = forms[which]!(value);
        const clean = new Redactor([value]).text(`${around}|${printed}|${around}`);
        expect(clean).not.toContain(printed);
        expect(clean).toContain("[secret]");
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const printed = Buffer.from(before + value + after).toString("base64");
        expect(new Redactor([value]).text(printed)).toContain("[secret]");
      }),
    );
  });
});
