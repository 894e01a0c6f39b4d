import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DockerEngine } from "../../../sdk/docker/index.ts";
import { OwnEngine } from "../docker/own-engine.ts";
import { startPasswordRegistry, type PasswordRegistry } from "./password-registry.ts";
import { BASE_IMAGE, RunningService } from "./running-service.ts";

const KEY_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
/** Secrets as people have them: the key file of a cloud, a password with quotes, a key of several lines. */
const SECRETS = {
  keyfile: JSON.stringify(
    { type: "service_account", private_key: `-----BEGIN-----\n${KEY_LINE}\n-----END-----\n` },
    null,
    2,
  ),
  quoted: `it"s\\a 'secret' $HOME`,
  lines: "first-line-of-it\nsecond line of it\n",
};
/** What must be nowhere: each by itself gives a secret away. */
const TELLING = [KEY_LINE, `it"s\\a`, "first-line-of-it", "second line of it"];

/** All that the service keeps in its folder, and what it answers of a build. */
async function everything(service: RunningService, buildId: string): Promise<string> {
  const kept = readdirSync(service.dataDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"));
  const paths = [`/v1/templates/builds/${buildId}`, `/v1/templates/builds/${buildId}/logs?follow=false&offset=0`];
  const answers = await Promise.all(paths.map(async (path) => JSON.stringify((await service.call("GET", path)).body)));
  return [...kept, ...answers].join("\n");
}

/** A text in the ways in which JSON, JSON in JSON, and Go's %q write it. */
const spellings = (text: string) => [
  text,
  JSON.stringify(text).slice(1, -1),
  JSON.stringify(JSON.stringify(text)).slice(3, -3),
];

describe("a build that fails while it prints its secrets", () => {
  it.each(Object.keys(SECRETS))("keeps and answers nothing of %s, printed in any way", async (id) => {
    await using service = await RunningService.start();
    const mount = `--mount=type=secret,id=${id}`;
    const file = `/run/secrets/${id}`;
    const dockerfile = [
      `FROM ${BASE_IMAGE}`,
      // As it is, on one line, as a trace of the shell, in base64, and at last as the words of the failure.
      `RUN ${mount} cat ${file}; echo $(cat ${file}); set -x; : "$(cat ${file})"; base64 ${file}; sed 's/["\\\\]/\\\\&/g' ${file}; cat ${file} >&2; false`,
    ].join("\n");
    const { build, entries } = await service.build({
      name: "telling",
      dockerfile,
      build_secrets: [{ id, value: SECRETS[id as keyof typeof SECRETS] }],
    });
    expect(build).toMatchObject({ status: "error", error_detail: { details: { reason: "command_failed" } } });
    expect(build.error_detail.details.log_tail.join()).toContain("[secret]");
    expect(JSON.stringify(entries)).toContain("[secret]");
    const all = await everything(service, build.build_id);
    for (const text of TELLING.flatMap(spellings)) expect(all).not.toContain(text);
  });
});

describe.each(["buildkit", "classic"] as const)("with the %s builder, a registry that wants a password", (builder) => {
  const USER = "someone";
  const PASSWORD = 'right "pass\\word';
  let daemon: OwnEngine;
  let engine: DockerEngine;
  let registry: PasswordRegistry;
  let service: RunningService;

  beforeAll(async () => {
    daemon = await OwnEngine.start({ features: { buildkit: builder === "buildkit" } });
    registry = await startPasswordRegistry(BASE_IMAGE, { username: USER, password: PASSWORD });
    service = await RunningService.start({ dockerHost: daemon.host });
    engine = new DockerEngine({ host: daemon.host, env: {} });
    // Its layers, so that the registry is asked for no more than what the name means.
    await engine.images.pull(BASE_IMAGE);
    expect((await engine.ping()).builderVersion).toBe(builder === "buildkit" ? "2" : "1");
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await engine.close();
    await registry[Symbol.asyncDispose]();
    await daemon[Symbol.asyncDispose]();
  });

  it.each([
    ["an image", () => ({ base_image: registry.image })],
    ["steps", () => ({ base_image: registry.image, steps: [{ action: "run", command: "true" }] })],
    ["a Dockerfile", () => ({ dockerfile: `FROM ${registry.image}\nRUN true\n` })],
  ])("fails a build from %s as a build error, with no password and with a wrong one", async (_what, source) => {
    const body = { name: "private", ...source(), build_config: { internet_access: false } };
    const wrong = 'wrong "pass\\word';
    const auth = (password: string) => ({ base_image_auth: { kind: "basic", username: USER, password } });
    for (const more of [{}, auth(wrong)]) {
      const { build, entries } = await service.build({ ...body, ...more });
      expect(build).toMatchObject({
        status: "error",
        error_detail: { code: "build_error", phase: "auth", details: { reason: "registry_auth_failed" } },
      });
      expect(entries.at(-1)).toMatchObject({ kind: "error", error_detail: { code: "build_error" } });
      const all = await everything(service, build.build_id);
      for (const text of spellings(wrong)) expect(all).not.toContain(text);
    }
    const right = await service.build({ ...body, ...auth(PASSWORD) });
    expect(right.build.status).toBe("ready");
    await engine.images.remove(registry.image).catch(() => undefined);
  });
});
