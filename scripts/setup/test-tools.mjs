import { ensurePackages } from "./debian-packages.mjs";
import { runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { findCommand, findCommands } from "./platform.mjs";

/** @type {import("./step.mjs").Step} */
export const dockerCommand = {
  title: "docker command",
  profiles: ["test"],
  async run(context) {
    const { env, platform, check } = context;
    let docker = await findDocker(env);
    if (docker === undefined && platform.canInstallPackages && !check) {
      await ensurePackages(["docker.io"], context);
      docker = await findDocker(env);
    }
    if (docker === undefined) {
      throw new SetupError("NO_DOCKER_COMMAND", "the command docker, which the tests compare with, is not on PATH", {
        install: installHint("docker-cli", platform),
      });
    }
    return {
      chose: `${docker.path}${docker.hasBuildx ? " (with buildx)" : ""}`,
      env: { NULLSPACE_DOCKER_CLI: docker.path },
    };
  },
};

/** @type {import("./step.mjs").Step} */
export const git = {
  title: "git",
  profiles: ["test"],
  async run(context) {
    const { env, platform, check } = context;
    if (findCommand("git", env) === undefined && platform.canInstallPackages && !check)
      await ensurePackages(["git"], context);
    const path = findCommand("git", env);
    if (path === undefined) {
      throw new SetupError("NO_GIT", "git, whose ignore rules the tests compare with, is not on PATH", {
        install: installHint("git", platform),
      });
    }
    return { chose: path };
  },
};

/**
 * The first docker command without buildx, which sends a context as the engine's API takes it; else any.
 *
 * @param {NodeJS.ProcessEnv} env
 */
async function findDocker(env) {
  const found = [];
  for (const path of findCommands("docker", env)) {
    const { code } = await runCommand(path, ["buildx", "version"], { env, timeoutMs: 30_000 });
    found.push({ path, hasBuildx: code === 0 });
  }
  return found.find(({ hasBuildx }) => !hasBuildx) ?? found[0];
}
