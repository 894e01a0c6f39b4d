import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readContext } from "../../../sdk/context/index.ts";
import type { BuildOptions } from "../../../sdk/docker/index.ts";
import { bzip2, tar, xz } from "./archive.ts";
import { buildFixture } from "./build-fixture.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";
import { answering, freePort } from "./private-registry.ts";

const { engine, folder, logsOf, labelOf } = buildFixture();

describe.each(["buildkit", "classic"] as const)("with the %s builder", (builder) => {
  it("a folder is sent by its ignore file, links and modes as they are", async () => {
    const path = await folder({
      Dockerfile: `FROM ${BASE_IMAGE}\nCOPY . /c\nRUN cd /c && find . | sort && readlink link && cat sub/kept\n`,
      ".dockerignore": "*.log\n!sub/keep.log\n",
      "a.log": "",
      "sub/keep.log": "",
      "sub/kept": "content\n",
    });
    await symlink("sub/kept", join(path, "link"));
    const expected = [
      ".",
      "./.dockerignore",
      "./Dockerfile",
      "./link",
      "./sub",
      "./sub/keep.log",
      "./sub/kept",
      "sub/kept",
      "content",
    ];
    expect(await logsOf({ path, builder })).toEqual(expected);
  });

  it("a folder has the links that the docker command sends, wherever they lead", async () => {
    const links = { absolute: "/etc/passwd", above: "../../elsewhere", dead: "missing", loop: "loop" };
    const list = "for f in $(ls /c); do echo $f $(readlink /c/$f); done";
    const path = await folder({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY . /c\nRUN ${list}\n` });
    for (const [name, target] of Object.entries(links)) await symlink(target, join(path, name));
    const { stdout, stderr } = await promisify(execFile)(
      process.env.NULLSPACE_DOCKER_BUILDKIT_CLI!,
      ["build", "--no-cache", "--force-rm", path],
      { env: { ...process.env, DOCKER_BUILDKIT: builder === "buildkit" ? "1" : "0", BUILDKIT_PROGRESS: "plain" } },
    );
    const lines = await logsOf({ path, builder });
    expect(lines).toEqual(["Dockerfile", "above ../../elsewhere", "absolute /etc/passwd", "dead missing", "loop loop"]);
    for (const line of lines) expect(`${stdout}${stderr}`).toMatch(new RegExp(`(^| )${line}$`, "m"));
  });

  it("a folder's FIFOs are left out, and named in a warning", async () => {
    const path = await folder({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY . /c\nRUN ls /c\n` });
    await promisify(execFile)("mkfifo", [join(path, "pipe")]);
    const texts: string[] = [];
    const build = engine.build({ path, builder, tags: engine.imageName(), noCache: true });
    for await (const one of build) {
      if (one.kind === "warning" || (one.kind === "log" && one.stepId !== undefined)) texts.push(one.text);
    }
    // The classic builder of an engine without a network of its own has a warning, too.
    expect(texts.filter((text) => !text.startsWith("IPv4"))).toEqual([
      "pipe is a named pipe (FIFO), and is left out of the build.",
      "Dockerfile",
    ]);
  });

  // docker-py's test_build_with_dockerignore.
  it("the ignore file may name itself and the Dockerfile, which are used and are not in the image", async () => {
    const lines = [
      "ignored",
      "Dockerfile",
      ".dockerignore",
      " ignored-with-spaces ",
      "!ignored/subdir/excepted-file",
      "! ignored/subdir/excepted-with-spaces  ",
      "",
      "#*",
    ];
    const path = await folder({
      Dockerfile: `FROM ${BASE_IMAGE}\nADD . /test\nRUN find /test -type f | sort\n`,
      ".dockerignore": lines.join("\n"),
      "not-ignored": "this file should not be ignored",
      "#file.txt": "this file should not be ignored",
      "ignored-with-spaces": "this file should be ignored",
      "ignored/subdir/file": "this file should be ignored",
      "ignored/subdir/excepted-file": "this file should not be ignored",
      "ignored/subdir/excepted-with-spaces": "this file should not be ignored",
    });
    expect(await logsOf({ path, builder })).toEqual([
      "/test/#file.txt",
      "/test/ignored/subdir/excepted-file",
      "/test/ignored/subdir/excepted-with-spaces",
      "/test/not-ignored",
    ]);
  });

  it.each([
    ["in a folder of the context", "docker/My.Dockerfile", false],
    ["by its absolute path", "docker/My.Dockerfile", true],
  ])("a Dockerfile is found %s", async (_name, file, absolute) => {
    const path = await folder({
      [file]: `FROM ${BASE_IMAGE}\nLABEL read=mine\n`,
      Dockerfile: "FROM nothing-of-the-sort\n",
    });
    expect(await labelOf({ path, builder, dockerfile: absolute ? join(path, file) : file })).toBe("mine");
  });

  it("a Dockerfile outside of the context is sent along, and not copied with it", async () => {
    const outside = await folder({ "Other.Dockerfile": `FROM ${BASE_IMAGE}\nCOPY . /c\nRUN ls -A /c\n` });
    const path = await folder({ kept: "", ".dockerignore": ".dockerignore\n" });
    expect(await logsOf({ path, builder, dockerfile: join(outside, "Other.Dockerfile") })).toEqual(["kept"]);
  });

  it("the Dockerfile may be text for a folder", async () => {
    const path = await folder({ kept: "content\n" });
    const dockerfileContent = `FROM ${BASE_IMAGE}\nCOPY kept /\nLABEL read=text\n`;
    expect(await labelOf({ path, builder, dockerfileContent })).toBe("text");
  });

  it("a context that was read before is sent as it was read, compressed if asked for", async () => {
    const path = await folder({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY f /\nLABEL read=context\n`, f: "content\n" });
    for (const gzip of [false, true]) {
      expect(await labelOf({ context: await readContext({ dir: path }), builder, gzip })).toBe("context");
    }
  });

  it("a folder may be compressed on its way", async () => {
    const path = await folder({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY f /\nLABEL read=folder\n`, f: "content\n" });
    expect(await labelOf({ path, builder, gzip: true })).toBe("folder");
  });

  it("an archive of one's own is taken in every form and compression", async () => {
    // The label is what the engine read of it: quicker told than by a command's output.
    const archive = await tar({ "sub/Dockerfile": `FROM ${BASE_IMAGE}\nCOPY f /\nLABEL read=from-archive\n`, f: "x" });
    const forms: BuildOptions[] = [
      { context: archive },
      { context: Readable.from([archive]) },
      { fileobj: archive, customContext: true },
      { context: gzipSync(archive), encoding: "gzip" },
      { context: await bzip2(archive), encoding: "bzip2" },
      { context: await xz(archive), encoding: "xz" },
    ];
    for (const form of forms)
      expect(await labelOf({ ...form, dockerfile: "sub/Dockerfile", builder })).toBe("from-archive");
  });

  it("a Dockerfile by itself may be text, bytes or a stream", async () => {
    const text = (form: string) => `FROM ${BASE_IMAGE}\nLABEL read=${form}\n`;
    expect(await labelOf({ fileobj: text("text"), builder })).toBe("text");
    expect(await labelOf({ fileobj: Buffer.from(text("bytes")), builder })).toBe("bytes");
    expect(await labelOf({ fileobj: Readable.from([Buffer.from(text("stream"))]), builder })).toBe("stream");
  });

  it("the engine fetches an archive, and a Dockerfile, by HTTP", async () => {
    const archive = await tar({ Dockerfile: `FROM ${BASE_IMAGE}\nCOPY f /\nLABEL read=archive\n`, f: "content\n" });
    const server = createServer((request, response) => {
      if (request.url === "/context.tar") response.setHeader("content-type", "application/x-tar").end(archive);
      else response.setHeader("content-type", "text/plain").end(`FROM ${BASE_IMAGE}\nLABEL read=fetched\n`);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(await labelOf({ path: `${url}/context.tar`, builder })).toBe("archive");
      expect(await labelOf({ path: `${url}/Dockerfile`, builder })).toBe("fetched");
    } finally {
      server.close();
    }
  });

  it("the engine fetches a branch from Git, and with the classic builder a folder of it", async () => {
    const at = builder === "classic" ? "app/" : "";
    const root = await folder({
      [`repo/${at}Dockerfile`]: `FROM ${BASE_IMAGE}\nCOPY f /\nLABEL read=git\n`,
      [`repo/${at}f`]: "content\n",
    });
    const git = (...args: string[]) =>
      promisify(execFile)("git", [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "-C",
        join(root, "repo"),
        ...args,
      ]);
    await git("init", "-q", "-b", "topic");
    await git("add", ".");
    await git("commit", "-q", "-m", "one");
    const port = await freePort();
    const exec = (await promisify(execFile)("git", ["--exec-path"])).stdout.trim();
    const args = ["--reuseaddr", "--export-all", "--listen=127.0.0.1", `--port=${port}`, `--base-path=${root}`, root];
    const daemon = spawn(join(exec, "git-daemon"), args, { stdio: "ignore" });
    try {
      await answering(port);
      expect(await labelOf({ path: `git://127.0.0.1:${port}/repo#topic${at && ":app"}`, builder })).toBe("git");
    } finally {
      daemon.kill();
      await once(daemon, "exit");
    }
  });
});
