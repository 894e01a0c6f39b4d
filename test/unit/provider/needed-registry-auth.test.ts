import { describe, expect, it } from "vitest";
import { splitRegistryAuth } from "../../../provider/core/template/needed-registry-auth.ts";

const basic = { kind: "basic", username: "u", password: "p" } as const;
const registryAuth = ["ghcr.io", "docker.io", "a.io:5000"].map((registry) => ({ registry, auth: basic }));

describe("the credentials of a build", () => {
  const split = (dockerfile: string, buildArgs?: Record<string, string>) => {
    const { needed, unneeded } = splitRegistryAuth({ registryAuth, buildArgs }, dockerfile);
    return [needed, unneeded].map((auths) => auths.map(({ registry }) => registry));
  };

  it("are those of the registries that its Dockerfile names", () => {
    expect(split("FROM ghcr.io/acme/base")).toEqual([["ghcr.io"], ["docker.io", "a.io:5000"]]);
    expect(split("FROM node AS a\nFROM a")).toEqual([["docker.io"], ["ghcr.io", "a.io:5000"]]);
    expect(split("ARG R\nFROM $R/base", { R: "a.io:5000" })).toEqual([["a.io:5000"], ["ghcr.io", "docker.io"]]);
  });

  it("are all of them when nobody can tell", () => {
    expect(split("ARG R\nFROM $R/base")).toEqual([["ghcr.io", "docker.io", "a.io:5000"], []]);
  });

  it("are none without any", () => {
    expect(splitRegistryAuth({}, "FROM node")).toEqual({ needed: [], unneeded: [] });
  });
});
