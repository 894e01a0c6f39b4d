import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstLostInstruction, type BuildChange, type DockerfileBuild } from "../../../sdk/dockerfile/index.ts";

/** Line and reason in one text: `3 file src/a`. */
function loss(build: DockerfileBuild, change: BuildChange): string | undefined {
  const found = firstLostInstruction(build, change);
  if (!found) return undefined;
  const { line, reason } = found;
  const detail = reason.kind === "file" ? ` ${reason.path}` : reason.kind === "arg" ? ` ${reason.name}` : "";
  return `${line} ${reason.kind}${detail}`;
}

const ofFiles = (dockerfile: string, ...paths: string[]) => loss({ dockerfile }, { paths });
const ofArgs = (dockerfile: string, before: Record<string, string>, now: Record<string, string | undefined>) =>
  loss({ dockerfile, buildArgs: now }, { previous: { buildArgs: before } });
const ofText = (before: string, now: string, buildArgs = {}) =>
  loss({ dockerfile: now, buildArgs }, { previous: { dockerfile: before } });

describe("a changed file", () => {
  it("loses the first instruction that reads it, of which the first line is told", () => {
    const dockerfile = `FROM node\nCOPY package.json ./\nRUN npm install\nCOPY src/ \\\n  lib/ ./\nRUN npm test\n`;
    expect(firstLostInstruction({ dockerfile }, { paths: ["src/deep/index.js"] })).toEqual({
      line: 4,
      text: "COPY src/ \\",
      reason: { kind: "file", path: "src/deep/index.js" },
    });
    expect(ofFiles(dockerfile, "src/a", "package.json")).toBe("2 file package.json");
    expect(ofFiles(dockerfile, "docs/a.md")).toBeUndefined();
    expect(ofFiles(dockerfile)).toBeUndefined();
    const { text } = firstLostInstruction({ dockerfile: `FROM a\nCOPY a /${"b".repeat(99)}` }, { paths: ["a"] })!;
    expect(text).toBe(`COPY a /${"b".repeat(71)}…`);
  });

  it.each<[string, string, boolean | "silent"]>([
    ["COPY . /x", "a/b", true],
    ["COPY ./ /x", "a", true],
    ["COPY / /x", "a", true],
    ["COPY ../ /x", "a", true],
    ["COPY a /x", "a", true],
    ["COPY a /x", "ab", false],
    ["COPY /a/ /x", "a/b/c", true],
    ["COPY ./a/../b /x", "b/c", true],
    ["COPY a/b /x", "a/c", false],
    ["copy a b /x", "b", true],
    ['COPY ["a b", "/x"]', "a b", true],
    ["COPY 'a' \"b\" /x", "b", true],
    ["ADD a.tar /x", "a.tar", true],
    ["COPY --chown=1:1 --chmod=644 --link a /x", "a", true],
    ["COPY *.txt /x", "a.txt", true],
    ["COPY *.txt /x", "a/b.txt", false],
    ["COPY */*.txt /x", "a/b.txt", true],
    ["COPY s* /x", "src/a/b", true],
    ["COPY a?c /x", "abc", true],
    ["COPY [a-c]* /x", "b", true],
    ["COPY [^a-c]* /x", "b", false],
    ["COPY package*.json /x", "package-lock.json", true],
    // Certain to read: a folder of which something unknown has changed.
    ["COPY . /x", "./", true],
    ["COPY a /x", "a/", true],
    ["COPY a /x", "a/b/", true],
    ["COPY a/b /x", "a/", "silent"],
    ["COPY a /x", "./", "silent"],
    ["COPY a /x", "b/", false],
    ["COPY a/*.txt /x", "a/", "silent"],
    ["COPY a/*.txt /x", "b/", false],
    ["COPY a/*.txt /x", "a/b/", false],
    ["COPY *.txt /x", "a/", false],
    // What was a link or a file may stand above the source.
    ["COPY a/b /x", "a", "silent"],
    // Not of the context.
    ["COPY --from=busybox a /x", "a", false],
    ["ADD https://example.com/a /x", "a", false],
    ["ADD git@example.com:a.git /x", "a", false],
    ["COPY <<a /x\nb\na", "a", false],
    ["COPY <<E b /x\na\nE", "b", true],
    ["RUN cat a", "a", false],
    ["RUN --mount=type=bind,source=a,target=/x cat /x/b", "a/b", true],
    ["RUN --mount=type=bind,src=a*,target=/x cat /x", "ab", false],
    ["RUN --mount=target=/x cat /x/b", "b", true],
    ["RUN --mount=target=/x,rw cat /x/b", "b", "silent"],
    ["RUN --mount=type=bind,from=busybox,source=a,target=/x cat /x", "a", false],
    ["RUN --mount=type=cache,target=/x --mount=type=secret,id=a --mount=type=tmpfs,target=/y x", "a", false],
    ["RUN --mount=type=other,target=/x cat /x", "a", "silent"],
    ["RUN --other cat /x", "a", "silent"],
    ["COPY --other a /x", "a", "silent"],
    ["COPY --parents a/b /x", "a/b/c", true],
    ["COPY --parents a/./b/*.txt /x", "a/b/c.txt", true],
    ["COPY --parents a/./b/*.txt /x", "b/c.txt", false],
    ["COPY --parents **/package.json /x", "a/b/package.json", true],
    ["COPY --parents **/package.json /x", "a/b/index.js", false],
    ["COPY --parents */./a /x", "b/a", "silent"],
    ["COPY --exclude=*.md . /x", "a.md", false],
    ["COPY --exclude=*.md . /x", "a.txt", true],
    ["COPY --exclude=*.md . /x", "docs/a.md", true],
    ["COPY --exclude=**/*.md . /x", "docs/a.md", "silent"],
    ["COPY --exclude=docs . /x", "docs/a/b.md", false],
    ["COPY --exclude=docs --exclude=!docs/a . /x", "docs/a", true],
    ["COPY --exclude=docs --exclude=!docs/a . /x", "docs/b", "silent"],
    ["COPY --exclude=*.md docs /x", "docs/a.md", false],
    ["COPY --exclude=[ docs /x", "docs/a.md", "silent"],
    ["COPY $UNKNOWN /x", "a", "silent"],
    ["COPY a$UNKNOWN /x", "b", "silent"],
    ["COPY a /$UNKNOWN", "a", true],
    ["COPY '$UNKNOWN' /x", "$UNKNOWN", true],
    ["COPY 'a /x", "a", "silent"],
    ["COPY a", "a", "silent"],
  ])("in %s, changed %s", (instruction, path, expected) => {
    const dockerfile = `FROM a\n${instruction}\nCOPY . /all\n`;
    const all = dockerfile.trimEnd().split("\n").length;
    const answer = expected === "silent" ? undefined : expected ? `2 file ${path}` : `${all} file ${path}`;
    expect(ofFiles(dockerfile, path)).toBe(answer);
  });

  it("is looked for under the values of variables", () => {
    const dockerfile = "ARG D=src\nFROM a\nARG D\nENV E=${D}/lib F=$UNKNOWN\nCOPY $D/x ${E} ${G:-g} /x\nCOPY $F /x\n";
    expect(ofFiles(dockerfile, "src/x")).toBe("5 file src/x");
    expect(ofFiles(dockerfile, "src/lib/y")).toBe("5 file src/lib/y");
    expect(ofFiles(dockerfile, "src/z")).toBeUndefined();
    expect(loss({ dockerfile, buildArgs: { D: "other" } }, { paths: ["other/x"] })).toBe("5 file other/x");
    expect(loss({ dockerfile, buildArgs: { D: undefined } }, { paths: ["src/x"] })).toBeUndefined();
    // Nothing below sets variables.
    expect(ofFiles("FROM scratch\nCOPY ${G:-g} /x\n", "g")).toBe("2 file g");
  });

  it("is looked for in the stages that the target needs, and in no others", () => {
    const dockerfile = [
      "FROM a AS unused",
      "COPY a /",
      "FROM a AS build",
      "COPY b /",
      "FROM build AS more",
      "COPY c /",
      "FROM a AS tools",
      "COPY d /",
      "FROM a",
      "RUN --mount=from=tools,target=/t x",
      "COPY --from=MORE / /",
      "COPY e /",
      "FROM a AS last",
      "COPY --from=4 / /",
    ].join("\n");
    expect(ofFiles(dockerfile, "e", "d", "c", "b", "a")).toBe("4 file b");
    expect(ofFiles(dockerfile, "e", "d", "c")).toBe("6 file c");
    expect(ofFiles(dockerfile, "e", "d")).toBe("8 file d");
    expect(ofFiles(dockerfile, "e")).toBe("12 file e");
    expect(ofFiles(dockerfile, "a")).toBeUndefined();
    expect(loss({ dockerfile, target: "Unused" }, { paths: ["a", "b"] })).toBe("2 file a");
    expect(loss({ dockerfile, target: "more" }, { paths: ["a", "e", "c"] })).toBe("6 file c");
    expect(loss({ dockerfile, target: "1" }, { paths: ["b"] })).toBe("4 file b");
    expect(loss({ dockerfile, target: "none" }, { paths: ["b"] })).toBeUndefined();
  });
});

describe("a changed build argument", () => {
  it.each<[string, string, string | undefined]>([
    ["the first RUN behind its ARG", "FROM a\nRUN x\nARG V\nCOPY . /\nRUN y\nRUN z", "5 arg V"],
    ["nothing that does not see it", "FROM a\nRUN x $V\nCOPY --chown=$V a /", undefined],
    ["nothing where it stands before the first FROM alone", "ARG V\nFROM a\nRUN x", undefined],
    ["a destination", "FROM a\nARG V\nCOPY a /$V/\nRUN x", "3 arg V"],
    ["an owner", "FROM a\nARG V\nCOPY --chown=$V a /\nRUN x", "3 arg V"],
    ["the name of a source", "FROM a\nARG V\nCOPY $V.txt /", "3 arg V"],
    ["a here-document", "FROM a\nARG V\nCOPY <<E /\n$V\nE\nRUN x", "3 arg V"],
    ["no quoted here-document", "FROM a\nARG V\nCOPY <<'E' /\n$V\nE\nRUN x", "6 arg V"],
    ["a working directory", "FROM a\nARG V\nWORKDIR /w/$V\nRUN x", "3 arg V"],
    ["a copy into a working directory", "FROM a\nARG V\nWORKDIR /w\nCOPY a $V", "4 arg V"],
    ["a variable that is made of it", "FROM a\nARG V\nENV W=x$V\nLABEL a=$V\nRUN x", "5 arg V"],
    ["a default that is made of it", "FROM a\nARG V\nARG W=${V:+y}$V\nRUN x", "4 arg V"],
    ["a user", "FROM a\nARG V\nUSER $V\nCOPY a /\nWORKDIR /x", "5 arg V"],
    ["a stage on top", "FROM a AS b\nARG V\nCOPY a /\nFROM b\nRUN x", "5 arg V"],
    ["nothing that is set over it", "FROM a\nARG V\nENV V=1\nRUN x", undefined],
    ["what only describes the image", "FROM a\nARG V\nLABEL a=$V\nCMD x\nEXPOSE 80", undefined],
    // The image may be the same, and so may what lies in two folders.
    ["an image", "ARG V\nFROM a:$V\nRUN x", undefined],
    ["the folder of a source", "FROM a\nARG V\nCOPY $V/a.txt /", undefined],
    ["a stage that is chosen by it", "ARG V\nFROM a AS b-1\nRUN 1\nFROM a AS b-2\nRUN 2\nFROM b-$V\nRUN x", undefined],
    ["a pattern, which old builders do not know", "FROM a\nARG V\nENV W=${V#v}\nENV V=\nRUN x", undefined],
  ])("loses %s", (_what, dockerfile, expected) => {
    expect(ofArgs(dockerfile, { V: "1" }, { V: "2" })).toBe(expected);
  });

  it("is named when it is one of several", () => {
    const dockerfile = "FROM a\nARG A\nENV B=$A\nENV A=\nARG C\nRUN x";
    expect(ofArgs(dockerfile, { A: "1", C: "1", D: "1" }, { A: "1", C: "2", D: "2" })).toBe("6 arg C");
    expect(ofArgs(dockerfile, { A: "1", C: "1" }, { A: "2", C: "1" })).toBe("6 arg A");
    expect(ofArgs(dockerfile, { A: "1", C: "1" }, { A: "2", C: "2" })).toBe("6 arg A");
  });

  it("is one only where its value is another", () => {
    const dockerfile = "FROM a\nARG V=1\nRUN x";
    expect(ofArgs(dockerfile, {}, { V: "1" })).toBeUndefined();
    expect(ofArgs(dockerfile, { V: "1" }, {})).toBeUndefined();
    expect(ofArgs(dockerfile, {}, { V: "2" })).toBe("3 arg V");
    expect(ofArgs(dockerfile, { V: "2" }, {})).toBe("3 arg V");
    expect(ofArgs("FROM a\nARG V\nRUN x", {}, { V: "" })).toBe("3 arg V");
    expect(ofArgs("ARG V=1\nFROM a\nARG V\nRUN x", {}, { V: "1" })).toBeUndefined();
  });

  it("may be one that the earlier build was not given", () => {
    const build = { dockerfile: "FROM a\nARG V\nRUN x", buildArgs: { V: "1" } };
    expect(loss(build, { previous: { buildArgs: undefined, dockerfile: undefined } })).toBe("3 arg V");
    expect(loss(build, { previous: {} })).toBeUndefined();
  });

  it("says nothing while the value is not known", () => {
    expect(ofArgs("FROM a\nARG V\nRUN x", { V: "1" }, { V: undefined })).toBeUndefined();
    expect(ofArgs("FROM a\nRUN x", { V: "1" }, { V: undefined })).toBeUndefined();
    // A step before it is lost for certain.
    const build = { dockerfile: "FROM a\nCOPY a /\nARG V\nRUN x", buildArgs: { V: undefined } };
    expect(loss(build, { paths: ["a"], previous: { buildArgs: { V: "1" } } })).toBe("2 file a");
  });

  it.each(["BUILDKIT_SYNTAX", "BUILDKIT_SANDBOX_HOSTNAME", "SOURCE_DATE_EPOCH"])("%s is the builder's own", (name) => {
    expect(
      loss(
        { dockerfile: "FROM a\nCOPY a /", buildArgs: { [name]: "1" } },
        { paths: ["a"], previous: { buildArgs: {} } },
      ),
    ).toBeUndefined();
  });

  it("that no ARG declares loses nothing, proxies included", () => {
    expect(ofArgs("FROM a\nRUN x", {}, { HTTP_PROXY: "http://x", V: "1" })).toBeUndefined();
  });
});

describe("a changed Dockerfile", () => {
  const file = (...lines: string[]) => ["FROM a", ...lines].join("\n");

  it.each<[string, string, string, string | undefined]>([
    ["a command", file("RUN x", "RUN y", "RUN z"), file("RUN x", "RUN Y", "RUN z"), "3 dockerfile"],
    ["a new line", file("RUN x", "RUN z"), file("RUN x", "RUN y", "RUN z"), "3 dockerfile"],
    ["a line that is gone", file("RUN x", "RUN y", "RUN z"), file("RUN x", "RUN z"), "3 dockerfile"],
    ["a line at the end that is gone", file("RUN x", "RUN y"), file("RUN x"), undefined],
    ["lines in another order", file("RUN x", "RUN y"), file("RUN y", "RUN x"), "2 dockerfile"],
    [
      "a variable, by the command that sees it",
      file("ENV A=1", "COPY a /", "RUN x"),
      file("ENV A=2", "COPY a /", "RUN x"),
      "4 dockerfile",
    ],
    [
      "a variable in another place",
      file("ENV A=1", "ENV B=1", "RUN x"),
      file("ENV B=1", "ENV A=1", "RUN x"),
      "4 dockerfile",
    ],
    ["a new variable", file("RUN x"), file("ENV A=1", "RUN x"), "3 dockerfile"],
    ["the default of an argument", file("ARG A=1", "RUN x"), file("ARG A=2", "RUN x"), "3 dockerfile"],
    ["a here-document", file("RUN <<E", "x", "E", "RUN z"), file("RUN <<E", "y", "E", "RUN z"), "2 dockerfile"],
    ["the shell", file("RUN x"), file('SHELL ["/bin/bash", "-c"]', "RUN x"), undefined],
    [
      "one shell for another",
      file('SHELL ["a"]', 'RUN ["x"]', "RUN x"),
      file('SHELL ["b"]', 'RUN ["x"]', "RUN x"),
      "4 dockerfile",
    ],
    ["a destination", file("COPY a /b"), file("COPY a /c"), "2 dockerfile"],
    ["a slash behind it", file("COPY a /b"), file("COPY a /b/"), "2 dockerfile"],
    ["a source of another name", file("COPY a /b"), file("COPY c /b"), "2 dockerfile"],
    ["COPY for ADD", file("COPY a /b"), file("ADD a /b"), "2 dockerfile"],
    ["another stage in front", file("RUN x"), file("RUN y", "FROM a", "RUN x"), undefined],
    ["another name of a stage", "FROM a AS b\nRUN x\nFROM b\nRUN y", "FROM a AS c\nRUN x\nFROM c\nRUN y", undefined],
    [
      "comments, blanks and case",
      file("RUN x", "COPY a b /c"),
      file("# x", "run x", "copy  a  ./b \\", "# y", "  /c"),
      undefined,
    ],
    ["what describes the image", file("CMD a", "RUN x"), file("CMD b", "LABEL c=d", "EXPOSE 1", "RUN x"), undefined],
    // What lies behind another name may be the same.
    ["an image", "FROM a\nRUN x", "FROM b\nRUN x", undefined],
    ["the form of a command", file('RUN ["/bin/sh", "-c", "x"]'), file("RUN x"), undefined],
    ["the folder of a source", file("COPY a/b /c"), file("COPY d/b /c"), undefined],
    [
      "the id of a cache",
      file("RUN --mount=type=cache,target=/a,id=b x"),
      file("RUN --mount=type=cache,target=/a,id=c x"),
      undefined,
    ],
    [
      "the stage that files come from",
      "FROM a AS b\nRUN x\nRUN y\nFROM a\nCOPY --from=b /c /",
      "FROM a AS b\nRUN x\nFROM a\nCOPY --from=b /c /",
      undefined,
    ],
    ["what stands before a linked copy", file("RUN x", "COPY --link a /"), file("COPY --link a /"), undefined],
    ["a variable of the image", file("ENV A=$B", "RUN x"), file("ENV A=$C", "RUN x"), undefined],
    [
      "a stage that was not needed before",
      "FROM a AS b\nRUN x\nFROM a\nRUN y",
      "FROM a AS b\nRUN x\nFROM b\nRUN y",
      undefined,
    ],
  ])("loses by %s", (_what, before, now, expected) => {
    expect(ofText(before, now)).toBe(expected);
  });

  it("is told from arguments and files that have changed as well", () => {
    const build = { dockerfile: file("COPY a /", "ARG V", "RUN x", "RUN z"), buildArgs: { V: "2" } };
    const of = (dockerfile: string, V: string, ...paths: string[]) =>
      loss(build, { paths, previous: { dockerfile, buildArgs: { V } } });
    expect(of(file("COPY a /", "ARG V", "RUN x", "RUN y"), "1")).toBe("4 arg V");
    expect(of(file("COPY a /", "ARG V", "RUN y", "RUN z"), "1")).toBe("4 dockerfile");
    expect(of(file("COPY a /", "ARG V", "RUN x", "RUN y"), "2")).toBe("5 dockerfile");
    expect(of(file("COPY a /", "ARG V", "RUN y", "RUN z"), "1", "a")).toBe("2 file a");
  });

  it("says nothing about a stage that was not the target", () => {
    const dockerfile = "FROM a AS b\nCOPY a /\nFROM a AS c\nRUN y";
    expect(loss({ dockerfile, target: "c" }, { previous: { target: "b" } })).toBeUndefined();
  });
});

describe("nothing is said", () => {
  it.each([
    ["about another frontend", "# syntax=acme/frontend\nFROM a\nCOPY a /"],
    ["about an unknown instruction", "FROM a\nCOPY a /\nINCLUDE b"],
    ["about the escape character of Windows", "# escape=`\nFROM a\nCOPY a /"],
    ["about a file without FROM", "COPY a /"],
    ["about an instruction before the first FROM", "RUN x\nFROM a\nCOPY a /"],
    ["about two stages of one name", "FROM a AS b\nFROM a AS B\nCOPY a /"],
    ["about a FROM that is none", "FROM a b\nCOPY a /"],
    ["about a variable that cannot be read", "FROM a\nENV A\nCOPY a /"],
    ["behind an image that may be a stage", "FROM a AS b\nFROM $BUILDPLATFORM\nCOPY a /"],
    ["behind triggers of the stage below", "FROM a AS b\nONBUILD COPY . /\nFROM b\nCOPY a /"],
    ["behind a stage that comes later", "FROM a\nCOPY --from=b / /\nCOPY a /\nFROM a AS b"],
    ["about more instructions than anybody writes", `FROM a\nCOPY a /\n${"RUN x\n".repeat(1000)}`],
    ["about nothing", ""],
  ])("%s", (_what, dockerfile) => {
    expect(ofFiles(dockerfile, "a")).toBeUndefined();
  });

  it("when the frontend is another than before", () => {
    const of = (version: string) => `# syntax=docker/dockerfile:${version}\nFROM a\nCOPY a /`;
    expect(ofText(of("1"), of("1").replace("COPY a", "COPY b"))).toBe("3 dockerfile");
    expect(ofText(of("1.4"), of("1.7").replace("COPY a", "COPY b"))).toBeUndefined();
  });

  it("with an error, whatever the text", () => {
    const line = fc.oneof(
      fc.constantFrom("FROM a AS b", "FROM b", "FROM $V", "ARG V=1", "ENV A=$V", "COPY --from=b . /", "COPY [ * /"),
      fc.constantFrom(
        "RUN --mount=from=b,rw x",
        "RUN <<E",
        "E",
        "WORKDIR ..",
        "ONBUILD RUN x",
        "ADD a b \\",
        "USER ''",
      ),
      fc.string(),
    );
    const text = fc.array(line, { maxLength: 12 }).map((lines) => ["FROM a", ...lines].join("\n"));
    fc.assert(
      fc.property(text, text, fc.array(fc.string()), fc.option(fc.string()), (before, now, paths, value) => {
        const build = { dockerfile: now, buildArgs: { V: value ?? undefined } };
        const found = firstLostInstruction(build, { paths, previous: { dockerfile: before, buildArgs: {} } });
        if (found) expect(found.line).toBeLessThanOrEqual(now.split(/\r?\n/).length);
        // Nothing has changed.
        expect(firstLostInstruction({ dockerfile: now }, {})).toBeUndefined();
      }),
    );
  });
});
