import { expect, test } from "vitest";
import { dockerCommand } from "../../../scripts/setup/test-tools.mjs";
import { command } from "./support/child-process.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** A docker command of a version, as `docker --version` and `docker buildx version` tell it. */
function docker(version: string, hasBuildx: boolean) {
  const folder = temporaryFolder();
  command(
    folder,
    "docker",
    `[ "$1" = buildx ] && exit ${hasBuildx ? 0 : 1}; echo "Docker version ${version}, build 1"`,
  );
  return folder;
}

async function choose(...folders: string[]) {
  const platform = { kind: "linux", arch: "x64", isRoot: false, canInstallPackages: false } as const;
  const context = { env: { PATH: folders.join(":") }, platform, check: true, root: "/", profile: "test" } as const;
  const unused = { cache: { root: "/", id: "" }, note: () => undefined, onStop: () => undefined, signal: undefined };
  return dockerCommand.run({ ...context, ...unused });
}

test("contexts are compared with the newest docker command without buildx, builds with the newest that has it", async () => {
  const [newest, older, oldest] = [docker("28.2.2", false), docker("27.5.1", false), docker("9.1.0", false)];
  const [withBuildx, olderWithBuildx] = [docker("29.0.0", true), docker("28.3.0", true)];
  expect(await choose(oldest, newest, older, olderWithBuildx, withBuildx)).toEqual({
    chose: `28.2.2 at ${newest}/docker, 29.0.0 at ${withBuildx}/docker`,
    env: { NULLSPACE_DOCKER_CLI: `${newest}/docker`, NULLSPACE_DOCKER_BUILDKIT_CLI: `${withBuildx}/docker` },
  });
});

test("a docker command from before buildx builds with BuildKit by itself", async () => {
  const [newest, own] = [docker("28.2.2", false), docker("20.10.24+dfsg1", false)];
  expect((await choose(newest, own)).env).toMatchObject({ NULLSPACE_DOCKER_BUILDKIT_CLI: `${own}/docker` });
});

test("where all have buildx the newest serves for both", async () => {
  const withBuildx = docker("28.2.2", true);
  expect((await choose(docker("27.0.1", true), withBuildx)).chose).toBe(`28.2.2 at ${withBuildx}/docker`);
});

test("a docker command that cannot build with BuildKit is not enough", async () => {
  await expect(choose(docker("28.2.2", false))).rejects.toThrow(/docker 28\.2\.2 has no buildx/);
});

test("no docker command at all is an error that says what to install", async () => {
  await expect(choose(temporaryFolder())).rejects.toMatchObject({
    code: "NO_DOCKER_COMMAND",
    install: expect.stringContaining("docker"),
  });
});
