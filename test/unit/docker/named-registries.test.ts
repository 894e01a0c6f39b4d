import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  needsRegistry,
  registriesOfDockerfile,
  registriesOfImage,
} from "../../../sdk/docker/build/named-registries.ts";

/** Registries of a Dockerfile, `*` among them when there may be more. */
const registries = (dockerfile: string, buildArgs: Record<string, string> = {}) => {
  const { hosts, mayBeMore } = registriesOfDockerfile(dockerfile, buildArgs);
  return [...hosts].sort().concat(mayBeMore ? ["*"] : []);
};

describe("the registries of a Dockerfile", () => {
  it.each<[string, string, string[], Record<string, string>?]>([
    ["an image of a registry", "FROM ghcr.io/acme/base:1", ["ghcr.io"]],
    ["a port", "FROM localhost:5000/base", ["localhost:5000"]],
    ["an image of Docker Hub", "FROM node", ["docker.io"]],
    ["its old name", "FROM index.docker.io/acme/app", ["docker.io"]],
    ["official images", "FROM docker.io/library/node:22", ["docker.io"]],
    ["a platform", "FROM --platform=$BUILDPLATFORM ghcr.io/a/b AS c", ["ghcr.io"]],
    ["scratch alone", "FROM scratch\nCOPY . /", []],
    [
      "stages, which are no images",
      "FROM a.io/x AS Build\nFROM build\nCOPY --from=build / /\nCOPY --from=0 / /",
      ["a.io"],
    ],
    ["a copy from an image", "FROM scratch\nCOPY --link --from=b.io/x:1 --chown=1:1 /a /b", ["b.io"]],
    ["a mount from an image", "FROM scratch\nRUN --mount=type=bind,from=c.io/x,target=/x ls", ["c.io"]],
    ["a stage before it is there", "FROM scratch\nCOPY --from=later / /\nFROM a.io/x AS later", ["a.io", "docker.io"]],
    ["text in a command", 'FROM scratch\nRUN echo "--mount=from=d.io/x" # COPY --from=e.io/x', []],
    ["text in a here-document", "FROM scratch\nRUN <<EOF\nFROM d.io/x\nEOF\n", []],
    ["a comment", "# FROM d.io/x\nFROM scratch", []],
    ["continued lines", "FROM \\\n  # comment\n  a.io/x \\\n  AS b", ["a.io"]],
    ["the builder's own image", "# syntax=f.io/docker/dockerfile:1\nFROM scratch", ["f.io"]],
    ["a default", "ARG REGISTRY=ghcr.io\nFROM ${REGISTRY}/img", ["ghcr.io"]],
    ["a given value", "ARG REGISTRY=ghcr.io\nFROM ${REGISTRY}/img", ["a.io"], { REGISTRY: "a.io" }],
    ["a quoted default", 'ARG R="ghcr.io/acme"\nFROM $R/img', ["ghcr.io"]],
    ["a default of a default", "ARG HOST=a.io\nARG BASE=${HOST}/x\nFROM ${BASE}", ["a.io"]],
    ["a default in its place", "ARG R\nFROM ${R:-a.io}/x", ["a.io"]],
    ["a default in its place, of an empty value", "ARG R\nFROM ${R:-a.io}/x", ["a.io"], { R: "" }],
    ["a default with a variable", "ARG H=a.io\nFROM ${R:-${H}}/x", ["a.io"]],
    ["another text when it is set", "ARG R=1\nFROM ${R:+a.io/}x", ["a.io"]],
    ["another text when it is not", "ARG R\nFROM ${R:+a.io/}x", ["docker.io"]],
    ["a value that nobody knows", "ARG R\nFROM ${R}/x", ["*"]],
    ["a value that nobody knows, beside others", "ARG R\nFROM $R AS a\nFROM a.io/x", ["a.io", "*"]],
    ["an unknown tag", "FROM ghcr.io/acme/x:${TARGETARCH}", ["ghcr.io"]],
    ["a value that is not declared", "FROM ${R}/x", ["*"], { R: "a.io" }],
    ["a value in a mount", "ARG R=a.io\nFROM scratch\nARG R\nRUN --mount=from=$R/x,target=/x ls", ["a.io"]],
    ["a value of another stage", "FROM scratch\nARG R=a.io\nFROM scratch\nRUN --mount=from=$R/x ls", ["*"]],
    ["a name that is none", "FROM UPPER/Case!", ["*"]],
    ["nothing at all", "", []],
  ])("are found behind %s", (_what, dockerfile, expected, buildArgs) => {
    expect(registries(dockerfile, buildArgs)).toEqual(expected);
  });

  it("are the same whether a host stands in the text or in an argument", () => {
    const host = fc.constantFrom("ghcr.io", "localhost:5000", "registry.example:443", "index.docker.io");
    const form = fc.constantFrom("$A", "${A}", "${A:-x.io}", "${A-x.io}", "${B:-$A}", "${A:+$A}");
    fc.assert(
      fc.property(host, form, fc.boolean(), (registry, text, isGiven) => {
        const args = isGiven ? "ARG A\n" : `ARG A=${registry}\n`;
        const found = registries(`${args}FROM ${text}/acme/x`, isGiven ? { A: registry } : {});
        expect(found).toEqual(registries(`FROM ${registry}/acme/x`));
      }),
    );
  });

  it("are told from any text without an error", () => {
    const piece = fc.constantFrom(
      "FROM ",
      "ARG ",
      "COPY --from=",
      "RUN --mount=",
      "$",
      "{",
      "}",
      ":-",
      '"',
      "'",
      "\\",
      "\n",
      "a.io/x",
      "AS ",
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string()), { maxLength: 20 }),
        (parts) => void registries(parts.join("")),
      ),
    );
  });
});

describe("whether a registry is needed", () => {
  it.each(["docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io", "Docker.IO"])(
    "is known of Docker Hub by the name %s",
    (name) => {
      expect(needsRegistry(registriesOfDockerfile("FROM node"), name)).toBe(true);
      expect(needsRegistry(registriesOfDockerfile("FROM ghcr.io/a/b"), name)).toBe(false);
    },
  );

  it("is decided by the whole host, not by a text that appears somewhere", () => {
    const named = registriesOfDockerfile("FROM scratch\n# not ghcr.io\nRUN curl https://ghcr.io/x");
    expect(needsRegistry(named, "ghcr.io")).toBe(false);
    expect(needsRegistry(registriesOfDockerfile("FROM my.ghcr.io/x"), "ghcr.io")).toBe(false);
    expect(needsRegistry(registriesOfDockerfile("FROM GHCR.io/x"), "https://ghcr.io/")).toBe(true);
  });

  it("counts as needed when nobody can tell", () => {
    expect(needsRegistry(registriesOfDockerfile("ARG R\nFROM $R"), "ghcr.io")).toBe(true);
  });

  it("is told of a single image, too", () => {
    expect(needsRegistry(registriesOfImage("ghcr.io/a/b"), "ghcr.io")).toBe(true);
    expect(needsRegistry(registriesOfImage("busybox"), "ghcr.io")).toBe(false);
  });
});
