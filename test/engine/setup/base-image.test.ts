import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const image = process.env["NULLSPACE_BASE_IMAGE"]!;
const docker = (...args: string[]) => execFileSync(process.env["NULLSPACE_DOCKER_CLI"]!, args, { encoding: "utf8" });
const run = (script: string, ...options: string[]) =>
  docker("run", "--rm", "--label", "nullspace.test=setup", ...options, image, "sh", "-c", script).trim();

test("the base image has a shell, the usual commands, and a /tmp that everybody may write to", () => {
  expect(run("id -un && cat /etc/passwd | head -n 1 && ls -ld /tmp | cut -c 1-10")).toBe(
    "root\nroot:x:0:0:root:/root:/bin/sh\ndrwxrwxrwt",
  );
  expect(run("touch /tmp/mine && id -un", "--user", "nobody")).toBe("nobody");
  expect(run("for c in httpd nc wget sleep; do command -v $c > /dev/null || echo no $c; done")).toBe("");
});

test("a script that names its interpreter through env runs in the base image", () => {
  expect(run("printf '#!/usr/bin/env sh\\necho ran\\n' > /tmp/s && chmod +x /tmp/s && /tmp/s")).toBe("ran");
});

test("the base image comes from the loopback registry, so that a build may pull it", async () => {
  const [, registry, repository, tag] = /^(localhost:\d+)\/(.+):([^:]+)$/.exec(image)!;
  expect(registry).toBe(process.env["NULLSPACE_REGISTRY"]);
  const answer = await fetch(`http://${registry}/v2/${repository}/tags/list`);
  expect(await answer.json()).toMatchObject({ tags: expect.arrayContaining([tag]) });
});
