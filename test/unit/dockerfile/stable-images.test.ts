import { describe, expect, it } from "vitest";
import { stableImagesOf } from "../../../service/builds/dockerfile/stable-images.ts";

describe("the images that a Dockerfile stands on", () => {
  it.each<[string, string, string[]]>([
    ["are those of its stages", "FROM a:1\nRUN x\nFROM b@sha256:00 AS two\n", ["a:1", "b@sha256:00"]],
    ["are none for an empty base", "FROM scratch\nCOPY . /\n", []],
    ["are not its own stages", "FROM a AS One\nFROM one\nCOPY --from=0 /x /\nCOPY --from=ONE /y /\n", ["a"]],
    ["are not told by what is in a command", "FROM a\nRUN ADD http://x/ && echo $HOME # syntax=x\n", ["a"]],
    ["are told beside a cache mount", "FROM a\nRUN --mount=type=cache,target=/c make\n", ["a"]],
  ])("%s", (_how, text, images) => {
    expect(stableImagesOf(text)).toEqual(images);
  });

  it.each([
    ["another frontend may do anything", "# syntax=docker/dockerfile:1\nFROM a\n"],
    ["a base is a variable", "ARG B=a\nFROM $B\n"],
    ["a base is of a platform", "FROM --platform=linux/arm64 a\n"],
    ["a file is fetched", "FROM a\nADD --chown=1 https://example.com/x /x\n"],
    ["a list of files has one that is fetched", 'FROM a\nADD ["http://example.com/x", "/x"]\n'],
    ["a repository is fetched", "FROM a\nADD git@example.com:x.git /x\n"],
    ["a source is a variable", "FROM a\nARG U=http://x\nADD $U /x\n"],
    ["an image is copied from", "FROM a\nCOPY --from=busybox /bin/sh /sh\n"],
    ["a mount is of another image", "FROM a\nRUN --mount=type=bind,from=busybox,target=/b ls /b\n"],
    ["a mount is a secret", "FROM a\nRUN --mount=target=/s,type=secret,id=s cat /s\n"],
  ])("are not the whole story when %s", (_why, text) => {
    expect(stableImagesOf(text)).toBeUndefined();
  });
});
