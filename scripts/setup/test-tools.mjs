import { baseImage } from "./base-image.mjs";
import { ensurePackages } from "./debian-packages.mjs";
import { runCommand } from "./command.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { findCommand, findCommands } from "./platform.mjs";
import { pythonClient } from "./python-client.mjs";

/**
 * The docker commands that the tests compare with: one for what a context is, one for BuildKit builds.
 *
 * @type {import("./step.mjs").Step}
 */
export const dockerCommand = {
  title: "docker command",
  profiles: ["test", "modern", "scale"],
  // One after the other, as they may all ask apt-get.
  needs: [baseImage, pythonClient],
  async run(context) {
    const { env, platform, check } = context;
    let found = await findDockers(env);
    if (found.builder === undefined && platform.canInstallPackages && !check) {
      await ensurePackages(["docker.io"], context);
      found = await findDockers(env);
    }
    const { sender, builder } = found;
    if (sender === undefined || builder === undefined) {
      const problem =
        sender === undefined
          ? "the command docker, which the tests compare with, is not on PATH"
          : `${sender.path} ${sender.version} has no buildx, which the tests compare BuildKit builds with`;
      throw new SetupError("NO_DOCKER_COMMAND", problem, { install: installHint("docker-cli", platform) });
    }
    return {
      chose: [...new Set([sender, builder])].map(({ version, path }) => `${version} at ${path}`).join(", "),
      env: { NULLSPACE_DOCKER_CLI: sender.path, NULLSPACE_DOCKER_BUILDKIT_CLI: builder.path },
    };
  },
};

/** @type {import("./step.mjs").Step} */
export const git = {
  title: "git",
  profiles: ["test", "modern", "scale"],
  needs: [dockerCommand],
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

/** What the tests run beside the Docker Engine: command -> the Debian package that has it. */
const TEST_COMMANDS = {
  "docker-registry": "docker-registry",
  openssl: "openssl",
  bzip2: "bzip2",
  xz: "xz-utils",
  "ssh-agent": "openssh-client",
  "ssh-keygen": "openssh-client",
  runc: "runc",
  podman: "podman",
  rsync: "rsync",
  "mkfs.btrfs": "btrfs-progs",
  // With the headers of the C library.
  gcc: "build-essential",
};

/** @type {import("./step.mjs").Step} */
export const testCommands = {
  title: "test commands",
  profiles: ["test", "modern", "scale"],
  needs: [git],
  async run(context) {
    const { env, platform, check } = context;
    const absent = () => Object.entries(TEST_COMMANDS).filter(([command]) => findCommand(command, env) === undefined);
    if (absent().length > 0 && platform.canInstallPackages && !check) {
      await ensurePackages([...new Set(absent().map(([, name]) => name))], context);
    }
    const missing = absent().map(([command]) => command);
    if (missing.length > 0) {
      throw new SetupError("NO_TEST_COMMANDS", `commands of the tests that are not on PATH: ${missing.join(", ")}`, {
        install: installHint("test-commands", platform),
      });
    }
    return { chose: Object.keys(TEST_COMMANDS).join(", ") };
  },
};

/** From this version on, the docker command has no BuildKit client but buildx. */
const WITHOUT_BUILDKIT = 23;

/**
 * `sender`: the newest docker command without buildx, which sends a context as the engine's API takes it; else the
 * newest. What a context is, is read off it: the tests compare with today's reading where it is there. `builder`: the
 * newest that builds with BuildKit, by buildx or, before version 23, by itself.
 *
 * @param {NodeJS.ProcessEnv} env
 */
async function findDockers(env) {
  const found = [];
  for (const path of findCommands("docker", env)) {
    const { code } = await runCommand(path, ["buildx", "version"], { env, timeoutMs: 30_000 });
    const { stdout } = await runCommand(path, ["--version"], { env, timeoutMs: 30_000 });
    const version = /version ([^\s,]+)/.exec(stdout)?.[1] ?? "of an unknown version";
    found.push({ path, version, hasBuildx: code === 0 });
  }
  found.sort((a, b) => b.version.localeCompare(a.version, "en", { numeric: true }));
  return {
    sender: found.find(({ hasBuildx }) => !hasBuildx) ?? found[0],
    builder: found.find(({ hasBuildx, version }) => hasBuildx || Number.parseInt(version, 10) < WITHOUT_BUILDKIT),
  };
}
