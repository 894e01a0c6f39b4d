import { describe, expect, it } from "vitest";
import { lineOfStep, listInstructions } from "../../../sdk/docker/build/dockerfile-instructions.ts";

const DOCKERFILE = `# syntax=docker/dockerfile:1
ARG BASE=busybox

FROM \${BASE} AS Tools
RUN echo one \\
  # a comment inside

  && echo two
ENV A=b
COPY . /src

from tools as app
RUN <<EOF
RUN not an instruction
EOF
WORKDIR /app
FROM scratch
COPY --from=app /src /
`;

describe("listInstructions", () => {
  it("finds where instructions start, through continuations, comments and here-documents", () => {
    expect(listInstructions(DOCKERFILE).map(({ line, keyword, stage }) => [line, keyword, stage])).toEqual([
      [2, "ARG", -1],
      [4, "FROM", 0],
      [5, "RUN", 0],
      [9, "ENV", 0],
      [10, "COPY", 0],
      [12, "FROM", 1],
      [13, "RUN", 1],
      [16, "WORKDIR", 1],
      [17, "FROM", 2],
      [18, "COPY", 2],
    ]);
  });

  it("follows the escape directive, CR LF and a byte order mark", () => {
    const text = "\uFEFF# escape=`\r\nFROM a\r\nRUN dir C:\\ `\r\n  && x\r\nRUN y\r\n";
    expect(listInstructions(text).map(({ line }) => line)).toEqual([2, 3, 5]);
  });
});

describe("lineOfStep", () => {
  it("counts what makes a layer, stage by stage", () => {
    const stages = "FROM x AS build\nENV A=1\nRUN a\nFROM y\nWORKDIR /w\nRUN b\n";
    expect(lineOfStep(stages, "[build 2/2] RUN a", "buildkit")).toBe(3);
    expect(lineOfStep(stages, "[stage-1 3/3] RUN b", "buildkit")).toBe(6);
    expect(lineOfStep(stages, "[stage-1 3/3] COPY b", "buildkit")).toBeUndefined();
    expect(lineOfStep("FROM x\n\nRUN a", "[2/2] RUN a", "buildkit")).toBe(3);
  });

  it.each([
    ["[tools 1/3] FROM docker.io/library/busybox", 4],
    ["[tools 2/3] RUN echo one   && echo two", 5],
    ["[tools 3/3] COPY . /src", 10],
    ["[app 1/2] RUN <<EOF (RUN not an instruction...)", 13],
    ["[linux/arm64 app 2/2] WORKDIR /app", 16],
    ["[stage-2 1/1] COPY --from=app /src /", 18],
    ["[stage-2 1/1] RUN other", undefined],
    ["[internal] load build context", undefined],
    ["exporting to image", undefined],
  ])("finds %s of BuildKit", (step, line) => {
    expect(lineOfStep(DOCKERFILE, step, "buildkit")).toBe(line);
  });

  it("gives WORKDIR / no number, as BuildKit does, though it is one of the total", () => {
    const dockerfile = "FROM busybox\nWORKDIR /\nRUN a\nWORKDIR /x\n";
    expect(lineOfStep(dockerfile, "[2/4] RUN a", "buildkit")).toBe(3);
    expect(lineOfStep(dockerfile, "[3/4] WORKDIR /x", "buildkit")).toBe(4);
    expect(lineOfStep(dockerfile, "[2/4] WORKDIR /", "classic")).toBe(2);
  });

  it.each([
    ["[1/10] ARG BASE=busybox", 2],
    ["[5/10] COPY . /src", 10],
    ["[10/10] COPY --from=app /src /", 18],
    ["[11/11] RUN x", undefined],
  ])("finds %s of the classic builder", (step, line) => {
    expect(lineOfStep(DOCKERFILE, step, "classic")).toBe(line);
  });
});
