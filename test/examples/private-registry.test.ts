import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DockerEngine } from "../../sdk/docker/index.ts";
import { SecretScanner } from "../e2e/support/secret-scanner.ts";
import { baseImage, startTestService } from "../e2e/support/service.ts";
import { LOGIN, startPrivateRegistry } from "../engine/docker/private-registry.ts";
import { Example } from "./support/example.ts";

describe("examples/private-registry", () => {
  it("builds on an image behind a password, which is nowhere afterwards", async () => {
    await using registry = await startPrivateRegistry({ tls: false });
    const image = `${registry.host}/team/base:1`;
    await using _ = await pushed(image);
    await using service = await startTestService();
    using example = new Example("private-registry", service.env);
    const scanner = new SecretScanner({ password: LOGIN.password, basic: `${LOGIN.username}:${LOGIN.password}` });
    await example.stack();
    Object.assign(example.env, {
      REGISTRY: registry.host,
      REGISTRY_USER: LOGIN.username,
      REGISTRY_PASSWORD: LOGIN.password,
    });

    await example.follow('pulumi config set registry "$REGISTRY"');
    await example.follow('pulumi config set username "$REGISTRY_USER"');
    await example.follow("pulumi config set --secret password not-the-password");
    await example.follow("pulumi up --yes --skip-preview", { fails: true });
    await example.follow('pulumi config set --secret password "$REGISTRY_PASSWORD"');
    await example.follow("pulumi up --yes --skip-preview");
    await example.follow("pulumi preview");
    await example.follow(`pulumi stack export | grep -A 2 '"registryAuth": {'`);

    scanner.scanFolder("the state", example.stateDir);
    scanner.scanFolder("the service's data", service.dataDir);
    await example.follow("pulumi destroy --yes --skip-preview");
    expect(example.toFollow()).toEqual([]);
    for (const { args, text } of example.runs) scanner.scan(args?.join(" ") ?? "", text);
    scanner.scan("the service's log", readFileSync(service.logFile));
    expect(scanner.leaks).toEqual([]);
  });
});

/** Puts the tests' base image into the registry, and leaves the engine without it, before and after. */
async function pushed(image: string): Promise<AsyncDisposable> {
  const engine = new DockerEngine();
  await engine.images.tag(baseImage(), image);
  await engine.images.push(image, { auth: LOGIN });
  await engine.images.remove(image);
  return {
    async [Symbol.asyncDispose]() {
      await engine.images.remove(image);
      await engine.close();
    },
  };
}
