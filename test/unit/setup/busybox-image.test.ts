import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { busyboxImage, isStaticElf } from "../../../scripts/setup/busybox-image.mjs";
import { tarArchive } from "../../../scripts/setup/tar-archive.mjs";
import { temporaryFolder } from "./support/temporary-folder.ts";

const sha256 = (content: Buffer | string) => createHash("sha256").update(content).digest("hex");

describe("the tar archive", () => {
  test("is read by the system's tar as it was written", () => {
    const folder = temporaryFolder();
    const archive = tarArchive([
      { path: "d", type: "dir", mode: 0o1777 },
      { path: "d/é", type: "file", mode: 0o755, content: "x".repeat(513) },
      { path: "d/empty", type: "file" },
      { path: "d/link", type: "symlink", target: "é" },
    ]);
    writeFileSync(join(folder, "a.tar"), archive);
    const listed = execFileSync(
      "tar",
      ["--numeric-owner", "--utc", "--quoting-style=literal", "-tvf", join(folder, "a.tar")],
      {
        encoding: "utf8",
      },
    );
    expect(listed.replace(/ +/g, " ").trim().split("\n")).toEqual([
      "drwxrwxrwt 0/0 0 1970-01-01 00:00 d/",
      "-rwxr-xr-x 0/0 513 1970-01-01 00:00 d/é",
      "-rw-r--r-- 0/0 0 1970-01-01 00:00 d/empty",
      "lrwxrwxrwx 0/0 0 1970-01-01 00:00 d/link -> é",
    ]);
    execFileSync("tar", ["-xf", "a.tar"], { cwd: folder });
    expect(readFileSync(join(folder, "d/link"), "utf8")).toBe("x".repeat(513));
  });

  test("refuses a name that its header has no room for", () => {
    expect(() => tarArchive([{ path: "a".repeat(101), type: "file" }])).toThrow(RangeError);
  });
});

describe("the busybox image", () => {
  const parts = {
    program: Buffer.from("program"),
    applets: ["sh", "busybox", "[", "sh"],
    name: "localhost:5000/b:1",
    arch: "x64",
  };

  test("holds the program, one link an applet and no link to itself", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "image.tar"), busyboxImage(parts));
    execFileSync("tar", ["-xf", "image.tar"], { cwd: folder });
    mkdirSync(join(folder, "root"));
    execFileSync("tar", ["-xf", join(folder, "layer/layer.tar"), "-C", join(folder, "root")]);
    const file = (path: string) => readFileSync(join(folder, "root", path), "utf8");
    expect([file("bin/busybox"), file("bin/sh"), file("bin/["), file("usr/bin/env")]).toEqual(Array(4).fill("program"));
    expect(file("etc/passwd")).toMatch(/^root:x:0:0:/);
  });

  test("names its configuration and its layer by their digests", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "image.tar"), busyboxImage(parts));
    execFileSync("tar", ["-xf", "image.tar"], { cwd: folder });
    const [manifest] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    const configuration = readFileSync(join(folder, manifest.Config));
    expect(manifest.Config).toBe(`${sha256(configuration)}.json`);
    expect(manifest.RepoTags).toEqual(["localhost:5000/b:1"]);
    const { architecture, rootfs } = JSON.parse(configuration.toString());
    expect(architecture).toBe("amd64");
    expect(rootfs.diff_ids).toEqual([`sha256:${sha256(readFileSync(join(folder, "layer/layer.tar")))}`]);
  });

  test("is the same to the byte whatever order the applets come in", () => {
    expect(busyboxImage({ ...parts, applets: ["[", "sh"] }).equals(busyboxImage(parts))).toBe(true);
  });
});

describe("a program", () => {
  /** An ELF header with one program header of the given type. */
  const elf = (type: number) => {
    const program = Buffer.alloc(64 + 56);
    program.write("\x7fELF\x02\x01", 0, "latin1");
    program.writeBigUInt64LE(64n, 32);
    program.writeUInt16LE(56, 54);
    program.writeUInt16LE(1, 56);
    program.writeUInt32LE(type, 64);
    return program;
  };

  test("that names a dynamic linker is not static", () => {
    expect(isStaticElf(readFileSync(process.execPath))).toBe(false);
    expect(isStaticElf(elf(3))).toBe(false);
  });

  test("that names none is static", () => {
    expect(isStaticElf(elf(1))).toBe(true);
  });

  test.each([
    ["empty", Buffer.alloc(0)],
    ["a script", Buffer.from("#!/bin/sh\n".repeat(20))],
    ["cut off", elf(1).subarray(0, 80)],
  ])("that is %s is no static program", (_, program) => {
    expect(isStaticElf(program)).toBe(false);
  });
});
