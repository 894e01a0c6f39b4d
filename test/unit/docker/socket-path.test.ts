import { once } from "node:events";
import net from "node:net";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { sshService } from "../../../sdk/docker/session/ssh-service.ts";
import { tooLongForSocket } from "../../../sdk/docker/socket-path.ts";
import { socketFolder } from "../../socket-folder.ts";

function folder(): string {
  const { path, remove } = socketFolder();
  onTestFinished(remove);
  return path;
}

/** Listens as an engine that only answers pings. */
async function listen(path: string): Promise<void> {
  const answer = "HTTP/1.1 200 OK\r\napi-version: 1.52\r\ncontent-length: 2\r\n\r\nOK";
  const server = net.createServer((socket) => void socket.once("data", () => socket.end(answer)));
  onTestFinished(() => void server.close());
  await once(server.listen(path), "listening");
}

describe("the socket of an engine", () => {
  it.each(['José\'s "app" 日本 🎉', "100%20", "a#b?c=d&e", "[x]*{y} $HOME;", "back\\slash\nnew line"])(
    "is reached in a folder named %j",
    async (name) => {
      const dir = join(folder(), name);
      mkdirSync(dir);
      await listen(join(dir, "docker.sock"));
      const engine = new DockerEngine({ host: `unix://${join(dir, "docker.sock")}`, env: {} });
      onTestFinished(() => engine.close());
      await engine.ping();
    },
  );

  it("with too long a path is an error that says how to name it, and that way works", async () => {
    const short = folder();
    const deep = join(short, "日本".repeat(20));
    mkdirSync(deep);
    const engine = new DockerEngine({ host: `unix://${join(deep, "docker.sock")}`, env: {} });
    onTestFinished(() => engine.close());
    await expect(engine.ping()).rejects.toMatchObject({
      code: "engine_unreachable",
      message: expect.stringMatching(
        /has \d+ bytes, and the system opens none with more than 10[48]\. Make a short link/,
      ),
    });
    symlinkSync(deep, join(short, "l"));
    await listen(join(short, "l", "docker.sock"));
    const linked = new DockerEngine({ host: `unix://${join(short, "l", "docker.sock")}`, env: {} });
    onTestFinished(() => linked.close());
    await linked.ping();
  });

  it("is measured in bytes, exactly as the system does", async () => {
    const dir = folder();
    const longest = process.platform === "linux" ? 108 : 104;
    const path = join(dir, "s".repeat(longest - Buffer.byteLength(dir) - 1));
    expect([tooLongForSocket(path), tooLongForSocket(`${path}s`)]).toEqual([undefined, expect.any(String)]);
    await listen(path);
    await expect(listen(`${path}s`)).rejects.toThrow();
  });
});

describe("the socket of an SSH agent", () => {
  it("with too long a path is an error before the build", () => {
    const socket = `/${"日本".repeat(20)}/agent.sock`;
    expect(() => sshService([{ id: "default" }], { SSH_AUTH_SOCK: socket })).toThrow(
      expect.objectContaining({ code: "invalid_docker_option", message: expect.stringContaining("Make a short link") }),
    );
  });
});
