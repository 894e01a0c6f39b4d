import { describe, expect, it } from "vitest";
import { namedImages, readDockerfile, withNamedImages } from "../../../sdk/dockerfile/index.ts";

const images = { tools: "docker-image://registry.example/tools:2", base: "docker-image://alpine:3.22" };

describe("images that a Dockerfile knows by name", () => {
  it("are stages in front of its own, behind directives and global arguments", () => {
    const text = [
      "# syntax=docker/dockerfile:1",
      "# escape=`",
      "",
      "ARG VERSION=1",
      "# the first stage",
      "FROM python:$VERSION AS build",
      "COPY --from=tools /bin/tool /bin/",
      "FROM base",
      "RUN --mount=type=bind,from=tools,target=/t ls `",
      "  /t",
      "",
    ].join("\r\n");
    const written = withNamedImages(text, images) as string;
    expect(written.split("\n").slice(4, 8)).toEqual([
      "# the first stage\r",
      "FROM alpine:3.22 AS base",
      "FROM registry.example/tools:2 AS tools",
      "FROM python:$VERSION AS build\r",
    ]);
    expect(readDockerfile(written).directives).toEqual(readDockerfile(text).directives);
    // What the builder fetches: the names of contexts no longer stand for images.
    expect(namedImages(written).map(({ name }) => name)).toEqual([
      "docker/dockerfile:1",
      "alpine:3.22",
      "registry.example/tools:2",
      "python:1",
    ]);
  });

  it("leave the text as it is when there are none, or nothing to stand in front of", () => {
    expect(withNamedImages("FROM x\n", {})).toBe("FROM x\n");
    expect(withNamedImages("ARG x\n", images)).toBe("ARG x\n");
  });

  it.each([
    ["a stage of the name", "FROM x\nFROM y AS Tools\n", "tools", /has a stage tools of its own/],
    ["a stage by number", "FROM x AS a\nFROM y\nCOPY --from=0 /a /\n", "base", /^Line 3 .* by its number/],
    ["a base by number", "FROM x AS a\nFROM 0\n", "base", /^Line 2 /],
    ["a mount by number", "FROM x\nFROM y\nRUN --mount=type=bind,from=0 ls\n", "base", /^Line 3 /],
    ["another frontend", "# syntax=example/frontend\nFROM x\n", "base", /example\/frontend/],
  ])("are refused with %s", (_name, text, context, reason) => {
    expect(withNamedImages(text, images)).toEqual({ context, reason: expect.stringMatching(reason) as string });
  });
});
