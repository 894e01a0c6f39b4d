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

test("the docker command of the compared release is chosen before others", async () => {
  const [newer, compared] = [docker("28.2.2", false), docker("20.10.24+dfsg1", false)];
  expect(await choose(newer, compared)).toEqual({
    chose: `20.10.24+dfsg1 at ${compared}/docker`,
    env: { NULLSPACE_DOCKER_CLI: `${compared}/docker` },
  });
});

test("else the first without buildx is chosen, else the first", async () => {
  const [withBuildx, plain] = [docker("28.2.2", true), docker("27.0.1", false)];
  expect((await choose(withBuildx, plain)).chose).toBe(`27.0.1 at ${plain}/docker`);
  expect((await choose(withBuildx)).chose).toBe(`28.2.2 at ${withBuildx}/docker (with buildx)`);
});

test("no docker command at all is an error that says what to install", async () => {
  await expect(choose(temporaryFolder())).rejects.toMatchObject({
    code: "NO_DOCKER_COMMAND",
    install: expect.stringContaining("docker"),
  });
});
