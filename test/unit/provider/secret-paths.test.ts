import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { formatPropertyPath, parsePropertyPath } from "../../../provider/core/property-path.ts";
import { readArguments } from "../../../provider/dynamic/read-arguments.ts";

const secretPaths = async (args: object) => (await readArguments(args, [])).secretPaths;

describe("the paths of a program's secrets", () => {
  beforeAll(() =>
    pulumi.runtime.setMocks({ newResource: ({ name }) => ({ id: `${name}-id`, state: {} }), call: () => ({}) }),
  );

  it("are found at any depth, in promises too, and hold no value", async () => {
    const secret = pulumi.secret("hunter2");
    const paths = await secretPaths({
      name: "web",
      startCmd: pulumi.interpolate`run ${secret}`,
      env: { "A.B": secret, C: "plain", D: pulumi.output("plain") },
      registryAuth: [{ auth: { password: Promise.resolve(secret) } }, undefined, null],
      whole: pulumi.secret({ deep: ["x"] }),
      lifted: pulumi.output({ deep: secret }),
    });
    expect(paths).toEqual(['env["A.B"]', "lifted", "registryAuth[0].auth.password", "startCmd", "whole"]);
    expect(JSON.stringify(paths)).not.toContain("hunter2");
  });

  it("are no list at all where there is nothing secret, so that nothing is registered", async () => {
    expect(await secretPaths({ name: "web", env: { A: "1" }, tags: ["a"] })).toBeUndefined();
  });

  it("do not fail where an argument does: that is told where it is registered", async () => {
    expect(await secretPaths({ name: Promise.reject(new Error("no")), token: pulumi.secret("x") })).toEqual(["token"]);
  });
});

it("a printed property path reads back", () => {
  const step = fc.oneof(fc.string({ minLength: 1 }), fc.nat(1000));
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.array(step), (first, rest) => {
      expect(parsePropertyPath(formatPropertyPath([first, ...rest]))).toEqual([first, ...rest]);
    }),
  );
});
