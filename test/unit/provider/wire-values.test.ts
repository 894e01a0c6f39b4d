import * as pulumi from "@pulumi/pulumi";
import rpc from "@pulumi/pulumi/runtime/rpc.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../../provider/core/unknown.ts";
import { WireValueError } from "../../../provider/errors.ts";
import { isUnknownText, revealUnknowns, UNKNOWN_TEXT } from "../../../provider/values/sentinels.ts";
import { decodeProperties, encodeProperties, joinSecrets } from "../../../provider/values/wire-values.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";

describe("the engine's wire", () => {
  it("is read as the Node SDK writes it", async () => {
    // An SDK without an engine writes no secrets.
    await pulumi.runtime.setMocks({
      call: (args) => args.inputs,
      newResource: (args) => ({ id: "x", state: args.inputs }),
    });
    const wire = await rpc.serializeProperties("test", {
      plain: "text",
      list: [1, true, { deep: pulumi.secret("hunter2") }],
      hidden: pulumi.secret({ token: "abc" }),
    });
    const { values, secrets } = decodeProperties(wire);
    expect(values).toEqual({
      plain: "text",
      list: [1, true, { deep: "hunter2" }],
      hidden: { token: "abc" },
    });
    expect([...secrets].map((path) => JSON.parse(path) as unknown)).toEqual([["list", 2, "deep"], ["hidden"]]);
  });

  it("is written as the Node SDK reads it", () => {
    const wire = encodeProperties({ a: 1, token: "abc", later: UNKNOWN }, joinSecrets(["token"]));
    expect(rpc.isRpcSecret(wire.token)).toBe(true);
    expect(rpc.unwrapRpcSecret(wire.token)).toBe("abc");
    expect(wire.later).toBe(rpc.unknownValue);
    expect(wire.a).toBe(1);
  });

  it("knows all seven texts for unknown values", () => {
    const texts = [
      "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
      "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
      "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
      "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
      "030794c1-ac77-496b-92df-f27374a8bd58",
      "e48ece36-62e2-4504-bad9-02848725956a",
      "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    ];
    for (const text of texts) {
      expect(isUnknownText(text)).toBe(true);
      expect(decodeProperties({ a: [text] }).values).toEqual({ a: [UNKNOWN] });
      expect(revealUnknowns({ a: { b: text } })).toEqual({ a: { b: UNKNOWN } });
    }
    expect(isUnknownText(rpc.unknownValue)).toBe(true);
    expect(encodeProperties({ a: [UNKNOWN, undefined], b: undefined })).toEqual({ a: [UNKNOWN_TEXT, undefined] });
  });

  it("reads output values: what they hold, whether it is secret, and that it is not known yet", () => {
    const output = (rest: object) => ({ [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", ...rest });
    const { values, secrets } = decodeProperties({
      known: output({ value: "x" }),
      hidden: output({ value: "y", secret: true }),
      later: output({}),
    });
    expect(values).toEqual({ known: "x", hidden: "y", later: UNKNOWN });
    expect([...secrets]).toEqual(['["hidden"]']);
  });

  it("takes a resource for its ID", () => {
    const resource = { [SIGNATURE]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "urn:x", id: "local/web" };
    expect(decodeProperties({ template: resource }).values).toEqual({ template: "local/web" });
    expect(decodeProperties({ template: { ...resource, id: "" } }).values).toEqual({ template: UNKNOWN });
  });

  it("refuses assets and archives, naming the property", () => {
    const asset = { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", text: "x" };
    expect(() => decodeProperties({ context: asset })).toThrow(WireValueError);
    expect(() => decodeProperties({ context: asset })).toThrow(/property context/);
  });

  it("gives back what it was given, secrets in their places", () => {
    const bag = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true });
    fc.assert(
      fc.property(bag, (values) => {
        const secrets = joinSecrets(Object.keys(values).filter((_, index) => index % 2 === 0));
        const decoded = decodeProperties(encodeProperties(values, secrets));
        expect(decoded.values).toEqual(values);
        expect(decoded.secrets).toEqual(secrets);
      }),
    );
  });
});
