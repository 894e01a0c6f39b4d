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

it("a build whose engine goes away fails in a way that can be retried, and the service goes on when it is back", async () => {
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
  const { build } = await service.waitForEnd(buildId);
  expect(build).toMatchObject({
    status: "error",
    error_detail: { code: "internal_error", retryable: true, details: { reason: "engine_unavailable" } },
  });
  expect(build.error_detail.suggested_action).toContain("Start Docker Engine");

  const refused = await service.call("POST", `/v1/templates/builds/${buildId}/retry`);
  expect([refused.status, refused.body.code]).toEqual([503, "engine_unavailable"]);
  expect(refused.body.error).toContain(line.path);

  await line.open();
  const retried = await service.call("POST", `/v1/templates/builds/${buildId}/retry`);
  expect(retried.status).toBe(202);
  expect((await service.waitForEnd(retried.body.build_id)).build.status).toBe("ready");
});
