import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BuildOptions, DockerEngine } from "../../../sdk/docker/index.ts";
import { buildFixture } from "./build-fixture.ts";
import { BASE_IMAGE } from "./engine-fixture.ts";

const { engine, scratch, logsOf } = buildFixture();

describe.each(["buildkit", "classic"] as const)("with the %s builder", (builder) => {
  const run = (command: string, options: BuildOptions = {}) =>
    logsOf({ fileobj: `FROM ${BASE_IMAGE}\n${command}\n`, builder, ...options });

  it("build arguments reach the build, and null leaves one unset", async () => {
    const command = 'ARG A\nARG B=default\nARG C\nRUN echo "A=$A B=$B C=$C"';
    expect(await run(command, { buildArgs: { A: "1", B: "2", C: null } })).toEqual(["A=1 B=2 C="]);
  });

  it("labels, and the platform, are on the image", async () => {
    const tag = engine.imageName();
    await engine.build({
      fileobj: `FROM ${BASE_IMAGE}\n`,
      labels: { a: "b c" },
      platform: "linux/amd64",
      tags: tag,
      builder,
    }).done;
    const { Config, Os, Architecture } = await engine.images.inspect(tag);
    expect({ labels: Config?.Labels?.a, Os, Architecture }).toEqual({
      labels: "b c",
      Os: "linux",
      Architecture: "amd64",
    });
  });

  it("several tags name one image", async () => {
    const tags = [engine.imageName(), engine.imageName()];
    const { imageId } = await engine.build({ fileobj: `FROM ${BASE_IMAGE}\nLABEL n=${tags[0]}\n`, tags, builder }).done;
    for (const tag of tags) expect((await engine.images.inspect(tag)).Id).toBe(imageId);
  });

  it("a target ends the build at its stage", async () => {
    const fileobj = `FROM ${BASE_IMAGE} AS one\nRUN echo first\nFROM ${BASE_IMAGE} AS two\nRUN echo second\n`;
    expect(await logsOf({ fileobj, builder, target: "one" })).toEqual(["first"]);
  });

  it("extra hosts are those of the commands, and the network is none when none was asked for", async () => {
    const options = { extraHosts: { "db.example": "10.1.2.3" }, networkMode: "none" };
    const line = expect.stringMatching(/^10\.1\.2\.3\s+db\.example$/) as string;
    expect(await run("RUN grep db.example /etc/hosts; ls /sys/class/net", options)).toEqual([line, "lo"]);
  });

  it("the network is the machine's own when that was asked for", async () => {
    const server = createServer((_request, response) => response.end("from the machine\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      expect(await run(`RUN wget -q -O - ${url}`, { networkMode: "host" })).toEqual(["from the machine"]);
    } finally {
      server.close();
    }
  });

  it("a platform that there is not is refused in the engine's words", async () => {
    const error = await run("RUN true", { platform: "foobar" }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({
      code: "image_build_failed",
      message: expect.stringMatching(/unknown operating system|invalid platform/) as string,
    });
  });

  it("a second build comes from the cache, one without cache does not", async () => {
    const fileobj = `FROM ${BASE_IMAGE}\nRUN date +%s%N > /now\n`;
    const build = (noCache: boolean) => engine.build({ fileobj, noCache, tags: engine.imageName(), builder }).done;
    const first = await build(true);
    expect(await build(false)).toEqual(first);
    expect(await build(true)).not.toEqual(first);
  });

  it("a quiet build gives the image and nothing else", async () => {
    const tag = engine.imageName();
    const build = engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN echo noise-${tag}\n`,
      quiet: true,
      tags: tag,
      builder,
    });
    const kinds: string[] = [];
    for await (const one of build) kinds.push(one.kind);
    expect(kinds).not.toContain("step");
    expect((await engine.images.inspect(tag)).Id).toBe((await build.done).imageId);
  });

  it("proxies of the configuration reach the build in both spellings, explicit arguments win, and false keeps them out", async () => {
    const configDir = await scratch("config");
    const proxies = { default: { httpProxy: "http://proxy:1", ftpProxy: "ftp://proxy:2", noProxy: "x" } };
    await writeFile(join(configDir, "config.json"), JSON.stringify({ proxies }));
    const own = new DockerEngine({ configDir });
    const names = ["HTTP_PROXY", "http_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy"];
    const fileobj = `FROM ${BASE_IMAGE}\nRUN echo "${names.map((name) => `$${name}`).join(",")}"\n`;
    const seen = async (options: BuildOptions) => {
      const lines: string[] = [];
      for await (const one of own.build({ fileobj, noCache: true, builder, tags: engine.imageName(), ...options }))
        if (one.kind === "log" && one.stepId) lines.push(one.text);
      return lines;
    };
    const [http, ftp] = ["http://proxy:1", "ftp://proxy:2"];
    expect(await seen({})).toEqual([[http, http, ftp, ftp, "x", "x"].join(",")]);
    // What is given in one spelling replaces both of the file; BuildKit sets the other to the same, the classic builder not.
    const other = builder === "buildkit" ? "mine" : "";
    expect(await seen({ buildArgs: { NO_PROXY: "mine" } })).toEqual([[http, http, ftp, ftp, "mine", other].join(",")]);
    const both = { FTP_PROXY: "ftp://upper", ftp_proxy: "ftp://lower" };
    const [line = ""] = await seen({ buildArgs: both });
    // BuildKit makes one of the two, by chance.
    const possible = builder === "classic" ? ["upper,lower"] : ["upper,upper", "lower,lower"];
    expect(possible).toContain(line.split(",").slice(2, 4).join(",").replaceAll("ftp://", ""));
    expect(await seen({ useConfigProxy: false })).toEqual([",,,,,"]);
    await own.close();
  });

  it("the bytes of the stream are given as the engine sent them, and the end is checked all the same", async () => {
    const build = engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN exit 3\n`,
      builder,
      decode: false,
      forcerm: true,
      noCache: true,
    });
    let text = "";
    const read = (async () => {
      for await (const chunk of build) text += chunk.toString();
    })();
    await expect(read).rejects.toMatchObject({ code: "image_build_failed", exitCode: 3 });
    expect(text).toMatch(/^\{.*"errorDetail".*\}\s*$/s);
  });

  it("a build that takes too long is stopped", async () => {
    const build = engine.build({
      fileobj: `FROM ${BASE_IMAGE}\nRUN sleep 7654\n`,
      builder,
      timeoutMs: 1_000,
      noCache: true,
    });
    await expect(build.done).rejects.toMatchObject({ code: "image_build_timeout", timeoutMs: 1_000 });
    await expect.poll(() => engine.processesWith("sleep 7654"), { timeout: 20_000 }).toEqual([]);
  });

  it("leaving the progress early cancels the build", async () => {
    const build = engine.build({ fileobj: `FROM ${BASE_IMAGE}\nRUN echo begun; sleep 6543\n`, builder, noCache: true });
    for await (const one of build) if (one.kind === "log") break;
    await expect(build.done).rejects.toMatchObject({ code: "image_build_cancelled" });
    await expect.poll(() => engine.processesWith("sleep 6543"), { timeout: 20_000 }).toEqual([]);
  });
});
