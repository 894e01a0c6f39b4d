import { createServer, request as forward, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DockerEngine, parseImageRef } from "../../../sdk/docker/index.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const USER = "someone";
const PASSWORD = "a-password-of-the-registry";

/** The registry of the base image behind a password, on a loopback port, which engines take without TLS. */
function privateRegistry(): Server {
  const { registry } = parseImageRef(BASE_IMAGE);
  const [hostname = "", port = "80"] = registry.split(":");
  const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`;
  return createServer((incoming, answer) => {
    if (incoming.headers.authorization !== expected) {
      answer.writeHead(401, { "www-authenticate": 'Basic realm="private"', "content-type": "application/json" });
      answer.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
      return;
    }
    const onward = forward(
      { hostname, port, path: incoming.url, method: incoming.method, headers: { accept: incoming.headers.accept } },
      (reply) => {
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(answer);
      },
    );
    onward.once("error", () => answer.destroy());
    incoming.pipe(onward);
  });
}

const registry = privateRegistry();
const engine = new DockerEngine();
let image: string;
let service: RunningService;

beforeAll(async () => {
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const { repository, tag } = parseImageRef(BASE_IMAGE);
  image = `127.0.0.1:${(registry.address() as AddressInfo).port}/${repository}:${tag}`;
  service = await RunningService.start();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await engine.images.remove(image).catch(() => undefined);
  await engine.close();
  await new Promise((resolve) => registry.close(resolve));
});

it("a base image behind a password fails in the phase auth without it, and with a wrong one, and is had with it", async () => {
  const body = { name: "private", base_image: image };
  const without = await service.build(body);
  const auth = (password: string) => ({ base_image_auth: { kind: "basic", username: USER, password } });
  const wrong = await service.build({ ...body, ...auth("wrong-password") });
  for (const { build, entries } of [without, wrong]) {
    expect(build).toMatchObject({
      status: "error",
      error_detail: { code: "unauthorized", phase: "auth", details: { reason: "registry_auth_failed", image } },
    });
    expect(JSON.stringify(entries)).not.toContain("wrong-password");
  }
  const right = await service.build({ ...body, ...auth(PASSWORD) });
  expect(right.build).toMatchObject({ status: "ready", source_type: "oci_import" });
  const refused = await service.call("POST", `/v1/templates/builds/${right.build.build_id}/retry`, {});
  expect([refused.status, refused.body.error]).toEqual([400, expect.stringContaining("base_image_auth")]);
  await engine.images.remove(image);
});

it("a Dockerfile gets the credentials of the registries that it names", async () => {
  const body = { name: "private-dockerfile", dockerfile: `FROM ${image}\nRUN true\n`, skip_cache: true };
  const without = await service.build(body);
  expect(without.build).toMatchObject({ status: "error", error_detail: { code: "unauthorized", phase: "auth" } });
  const { registry: host } = parseImageRef(image);
  const right = await service.build({
    ...body,
    registry_auth: [{ registry: host, auth: { kind: "basic", username: USER, password: PASSWORD } }],
  });
  expect(right.build.status).toBe("ready");
  const asBase = await service.build({
    ...body,
    base_image_auth: { kind: "basic", username: USER, password: PASSWORD },
  });
  expect(asBase.build.status).toBe("ready");
});
