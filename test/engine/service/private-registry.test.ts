import { afterAll, beforeAll, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { startPasswordRegistry, type PasswordRegistry } from "./password-registry.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const USER = "someone";
const PASSWORD = "a-password-of-the-registry";

const engine = new DockerEngine();
let registry: PasswordRegistry;
let image: string;
let service: RunningService;

beforeAll(async () => {
  registry = await startPasswordRegistry(BASE_IMAGE, { username: USER, password: PASSWORD });
  ({ image } = registry);
  service = await RunningService.start();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await engine.images.remove(image).catch(() => undefined);
  await engine.close();
  await registry[Symbol.asyncDispose]();
});

it("a base image behind a password fails in the phase auth without it, and with a wrong one, and is had with it", async () => {
  const body = { name: "private", base_image: image };
  const without = await service.build(body);
  const auth = (password: string) => ({ base_image_auth: { kind: "basic", username: USER, password } });
  const wrong = await service.build({ ...body, ...auth("wrong-password") });
  for (const { build, entries } of [without, wrong]) {
    expect(build).toMatchObject({
      status: "error",
      error_detail: { code: "build_error", phase: "auth", details: { reason: "registry_auth_failed", image } },
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
  expect(without.build).toMatchObject({ status: "error", error_detail: { code: "build_error", phase: "auth" } });
  const right = await service.build({
    ...body,
    registry_auth: [{ registry: registry.host, auth: { kind: "basic", username: USER, password: PASSWORD } }],
  });
  expect(right.build.status).toBe("ready");
  const asBase = await service.build({
    ...body,
    base_image_auth: { kind: "basic", username: USER, password: PASSWORD },
  });
  expect(asBase.build.status).toBe("ready");
});
