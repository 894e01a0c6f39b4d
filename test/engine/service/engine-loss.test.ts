import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

/** A socket in front of the engine's that can be cut: the engine itself belongs to everybody. */
class EngineLine {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "nullspace-line-"));
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor() {
    this.path = join(this.#folder, "docker.sock");
  }

  async open(): Promise<void> {
    const engine = (process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ path: engine, allowHalfOpen: true });
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.once("close", () => this.#sockets.delete(socket)).once("error", () => undefined);
      }
      near.pipe(far);
      far.pipe(near);
    });
    await new Promise<void>((resolve) => this.#server?.listen(this.path, resolve));
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const line = new EngineLine();
let service: RunningService;

beforeAll(async () => {
  await line.open();
  service = await RunningService.start({ dockerHost: `unix://${line.path}` });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await line.cut();
  line.remove();
});

it("a build whose engine goes away waits for it and begins again, and new ones are refused meanwhile", async () => {
  const running = await service.call("POST", "/v1/templates/builds", {
    name: "cut",
    dockerfile: `FROM ${BASE_IMAGE}\nRUN echo begun ${Math.random()} && sleep 3\n`,
  });
  const buildId = running.body.build_id as string;
  await expect
    .poll(async () => JSON.stringify((await service.call("GET", `/v1/templates/builds/${buildId}`)).body.entries), {
      timeout: 30_000,
    })
    .toContain('"message":"begun');
  await line.cut();
  await expect
    .poll(async () => JSON.stringify((await service.call("GET", `/v1/templates/builds/${buildId}`)).body), {
      timeout: 30_000,
    })
    .toMatch(/"status":"waiting".*The build waits for its engine/);

  const refused = await service.call("POST", "/v1/templates/builds", { name: "new", base_image: BASE_IMAGE });
  expect([refused.status, refused.body.code, refused.body.retryable]).toEqual([503, "engine_unavailable", true]);
  expect(refused.body.suggested_action).toContain("Start Docker Engine");
  expect(refused.body.error).toContain(line.path);

  await line.open();
  expect((await service.waitForEnd(buildId)).build.status).toBe("ready");
});
