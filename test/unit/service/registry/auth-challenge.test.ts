import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readChallenge } from "../../../../service/artifacts/registry/auth-challenge.ts";

describe("a challenge of a registry", () => {
  it("is read as registries write it", () => {
    expect(
      readChallenge(
        'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"',
      ),
    ).toEqual({
      scheme: "bearer",
      realm: "https://auth.example/token",
      service: "registry.example",
      scope: "repository:a/b:pull,push",
    });
    expect(readChallenge('Basic realm="Registry"')).toEqual({ scheme: "basic" });
    expect(readChallenge("bearer realm=https://auth.example/token")).toEqual({
      scheme: "bearer",
      realm: "https://auth.example/token",
    });
    expect(readChallenge(["Negotiate", 'Basic realm="x"'])).toEqual({ scheme: "basic" });
  });

  it("is none where nothing can be answered", () => {
    for (const header of [undefined, "", "Negotiate", 'Bearer service="x"', "Digest realm=x"]) {
      expect(readChallenge(header)).toBeUndefined();
    }
  });

  it("gives back whatever was quoted, and ends on any text", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (service, noise) => {
        const quoted = service.replaceAll(/["\\]/g, "\\$&");
        const read = readChallenge(`Bearer realm="https://a.example/t", service="${quoted}"`);
        expect(read).toMatchObject({ service });
        readChallenge(`Bearer ${noise}`);
      }),
    );
  });
});
