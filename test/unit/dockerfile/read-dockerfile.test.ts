import { describe, expect, it } from "vitest";
import { readArg, readEnv, readFrom } from "../../../sdk/dockerfile/declarations.ts";
import { readDirectives } from "../../../sdk/dockerfile/directives.ts";
import { heredocOpenings } from "../../../sdk/dockerfile/heredoc.ts";
import { parseDockerfile } from "../../../sdk/dockerfile/parse-dockerfile.ts";
import { splitFlags } from "../../../sdk/dockerfile/words.ts";

const read = (...lines: string[]) =>
  parseDockerfile(lines.join("\n")).map(({ line, keyword, argument }) => `${line} ${keyword} ${argument}`);

// Each of these was held against BuildKit's own parser (frontend/dockerfile/parser).
describe("reading a Dockerfile", () => {
  it("takes two escape characters at a line's end for one, which continues nothing", () => {
    expect(read("RUN echo \\\\", "RUN b")).toEqual(["1 RUN echo \\\\", "2 RUN b"]);
  });

  it("passes over comments behind a line that holds nothing but the escape character", () => {
    expect(read("\\", "# comment", "RUN a")).toEqual(["1 RUN a"]);
  });

  it.each(["cat <<<EOF", "echo $((1<<EOF))", "echo '<<EOF'", 'echo "<<EOF"', "echo a<<EOF", '["cat", "<<EOF"]'])(
    "finds no here-document in RUN %s",
    (command) => {
      expect(read(`RUN ${command}`, "RUN b", "EOF")).toEqual([`1 RUN ${command}`, "2 RUN b", "3 EOF "]);
    },
  );

  it("finds no here-document in the JSON form behind flags", () => {
    expect(read('RUN --network=none ["cat", "<<EOF"]', "RUN b")).toHaveLength(2);
  });

  it.each([
    ["cat <<EOF", [{ name: "EOF", stripsTabs: false, isQuoted: false }]],
    [
      "3<<-EOF cat <<'B 1'",
      [
        { name: "EOF", stripsTabs: true, isQuoted: false },
        { name: "B 1", stripsTabs: false, isQuoted: true },
      ],
    ],
    ["cat << EOF", [{ name: "EOF", stripsTabs: false, isQuoted: false }]],
  ])("finds the here-documents of %s", (argument, expected) => {
    expect(heredocOpenings(argument)).toEqual(expected);
  });

  it("reads directives until the first line that is none of them", () => {
    const text = "# syntax = docker/dockerfile:1.7 \n#check=skip=all\n# escape=`\nFROM x";
    expect(readDirectives(text)).toEqual({ escape: "`", syntax: { image: "docker/dockerfile:1.7", line: 1 } });
    expect(readDirectives("# a comment = 1\n# escape=`")).toEqual({ escape: "\\" });
    expect(readDirectives("# unknown=1\n# escape=`")).toEqual({ escape: "\\" });
    expect(readDirectives("#!/usr/bin/env x\n# syntax=a/b")).toMatchObject({ syntax: { image: "a/b", line: 2 } });
  });

  it("takes the flags off an argument, quotes and all", () => {
    expect(splitFlags(`--mount=type=bind,"source=a b" --link  -- --x y`)).toEqual({
      flags: [{ name: "mount", value: "type=bind,source=a b" }, { name: "link" }],
      rest: "--x y",
    });
  });

  it("reads both forms of ENV, and several variables of an ARG", () => {
    expect(readEnv(`A=1 B="a b" C=a\\ b`)).toEqual([
      { name: "A", value: "1" },
      { name: "B", value: '"a b"' },
      { name: "C", value: "a\\ b" },
    ]);
    expect(readEnv("A b  c=d")).toEqual([{ name: "A", value: "b  c=d" }]);
    expect(readArg("A B= C='x y'")).toEqual([{ name: "A" }, { name: "B", value: "" }, { name: "C", value: "'x y'" }]);
    for (const broken of ["A", "A=1 b", "9=1", `A="open`]) expect(readEnv(broken), broken).toBeUndefined();
  });

  it("reads what a FROM says", () => {
    expect(readFrom("--platform=$BUILDPLATFORM a/b AS Name")).toEqual({
      base: "a/b",
      name: "name",
      flags: [{ name: "platform", value: "$BUILDPLATFORM" }],
    });
    for (const broken of ["", "a b", "a AS", "a AS b c"]) expect(readFrom(broken), broken).toBeUndefined();
  });
});
