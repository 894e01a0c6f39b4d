import { describe, expect, it } from "vitest";
import { stableImages } from "../../../sdk/dockerfile/stable-images.ts";

describe("the images that a Dockerfile stands on", () => {
  it.each<[string, string, string[]]>([
    ["are those of its stages", "FROM a:1\nRUN x\nFROM b@sha256:00 AS two\n", ["a:1", "b@sha256:00"]],
    ["are none for an empty base", "FROM scratch\nCOPY . /\n", []],
    ["are not its own stages", "FROM a AS One\nFROM one\nCOPY --from=0 /x /\nCOPY --from=ONE /y /\n", ["a"]],
    ["are not told by what is in a command", "FROM a\nRUN ADD http://x/ && echo $HOME # syntax=x\n", ["a"]],
    ["are told beside shifted bits", "FROM a\nRUN n=3; echo $((1<<n)) > /x\n", ["a"]],
    ["are told beside a here-document", "FROM a\nRUN <<EOF\napt-get update\nEOF\nCOPY <<x /x\ntext\nx\n", ["a"]],
    ["are told beside text that looks like a syntax", "FROM a\n# syntax=b\nCOPY <<x /x\n# syntax=b\nx\n", ["a"]],
    ["are named like the number of a stage", "FROM a\nFROM 0\n", ["a", "0"]],
    ["are told beside a mount of a stage", "FROM a AS b\nFROM a\nRUN --mount=from=b,target=/m ls\n", ["a"]],
    ["are told beside a cache mount", "FROM a\nRUN --mount=type=cache,target=/c make\n", ["a"]],
  ])("%s", (_how, text, images) => {
    expect(stableImages(text)).toEqual(images);
  });

  it.each([
    ["another frontend may do anything", "# syntax=docker/dockerfile:1\nFROM a\n"],
    ["a base is a variable", "ARG B=a\nFROM $B\n"],
    ["a base is of a platform", "FROM --platform=linux/arm64 a\n"],
    ["a file is fetched", "FROM a\nADD --chown=1 https://example.com/x /x\n"],
    ["a list of files has one that is fetched", 'FROM a\nADD ["http://example.com/x", "/x"]\n'],
    ["a file is fetched behind shifted bits", "FROM a\nRUN n=3; echo $((1<<n)) > /x\nADD http://x/y /y\n"],
    ["a file is fetched behind a here-string", 'FROM a\nRUN cat <<<"x"\nADD http://x/y /y\n'],
    ["a file is fetched by a name in quotes", "FROM a\nADD 'ht'\\tp://x/y /y\n"],
    ["a file is fetched in a line that goes on", "FROM a\nADD \\\n# c\n\n http://x/y /y\n"],
    ["a builder without here-documents would fetch", "FROM a\nRUN <<CMD\nADD http://x/y /y\nCMD\n"],
    ["a here-document has no end", "FROM a\nRUN cat <<EOF\nADD http://x/y /y\n"],
    ["the escape character is another", "# escape=`\nFROM a\nADD `\n http://x/y /y\n"],
    ["a frontend is named in another way", "// syntax=docker/dockerfile:1\nFROM a\n"],
    ["a stage below has triggers", "FROM a AS b\nONBUILD ADD http://x/y /y\nFROM b AS c\nFROM c\n"],
    ["an instruction is not known", "FROM a\nFETCH http://x/y\n"],
    ["a mount holds quotes", 'FROM a\nRUN --mount=type=bind,"from=b",target=/b ls\n'],
    ["a repository is fetched", "FROM a\nADD git@example.com:x.git /x\n"],
    ["a source is a variable", "FROM a\nARG U=http://x\nADD $U /x\n"],
    ["an image is copied from", "FROM a\nCOPY --from=busybox /bin/sh /sh\n"],
    ["a mount is of another image", "FROM a\nRUN --mount=type=bind,from=busybox,target=/b ls /b\n"],
    ["a mount is a secret", "FROM a\nRUN --mount=target=/s,type=secret,id=s cat /s\n"],
  ])("are not the whole story when %s", (_why, text) => {
    expect(stableImages(text)).toBeUndefined();
  });

  it("are not the whole story when an argument names another frontend", () => {
    expect(stableImages("FROM a\n", { BUILDKIT_SYNTAX: "x" })).toBeUndefined();
    expect(stableImages("FROM a\n", { OTHER: "x" })).toEqual(["a"]);
  });
});
