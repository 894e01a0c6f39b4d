import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ensurePackages } from "./debian-packages.mjs";
import { pingEngine } from "./docker-api.mjs";
import { privateEngine } from "./dockerd.mjs";
import { SetupError } from "./errors.mjs";
import { installHint } from "./install-hints.mjs";
import { findCommand } from "./platform.mjs";
import { useShared } from "./shared-process.mjs";

/** How long a service that apt-get has just started may take to answer. */
const SERVICE_START_MS = 20_000;

/** @type {import("./step.mjs").Step} */
export const dockerEngine = {
  title: "Docker Engine",
  profiles: ["quickstart", "test", "languages", "scale"],
  needs: [],
  async run(context) {
    const { env, platform, check, note, onStop, signal } = context;
    const running = await findRunningEngine(context);
    if (running !== undefined) return running;

    const install = installHint("docker", platform);
    if (!platform.isRoot || (platform.kind !== "debian" && platform.kind !== "linux")) {
      throw new SetupError("NO_DOCKER_ENGINE", "no Docker Engine answers (and only root on Linux can start one)", {
        install,
      });
    }
    if (findCommand("dockerd", env) === undefined) {
      if (!platform.canInstallPackages) {
        throw new SetupError("NO_DOCKER_ENGINE", "no Docker Engine answers, and dockerd is not on PATH", { install });
      }
      if (check) {
        throw new SetupError("NO_DOCKER_ENGINE", "Docker Engine is not installed; set-up does it with apt-get", {
          install,
        });
      }
      // Without apparmor's parser no container starts on a kernel that enforces it.
      await ensurePackages(["docker.io", "docker-registry", "busybox-static", "iproute2", "apparmor"], context);
      // Where systemd runs, the package starts its own service: then that is the machine's engine.
      const service = existsSync("/run/systemd/system") ? await waitForService(context) : undefined;
      if (service !== undefined) return service;
    }
    const engine = privateEngine(context);
    if (check) return { chose: "dockerd is installed; set-up starts one of its own for as long as it is needed" };
    const use = await useShared(engine.process, { signal });
    onStop(use.release);
    const state = await pingEngine(engine.host, env, signal);
    const version = state.isUp ? `${state.version}, API ${state.apiVersion}` : "";
    if (use.wasStarted) note("of its own: it changes no firewall rule, so its containers do not reach the internet");
    return {
      chose: `${version}, ${use.wasStarted ? "started" : "shared with another run"} at ${engine.host}`,
      // What may be set for the engine of a DOCKER_HOST that does not answer is not for this one.
      env: { DOCKER_HOST: engine.host, DOCKER_TLS_VERIFY: "", DOCKER_CERT_PATH: "" },
    };
  },
};

/** @param {Pick<import("./step.mjs").StepContext, "env" | "note" | "signal">} context */
async function findRunningEngine({ env, note, signal }) {
  for (const host of candidates(env)) {
    const state = await pingEngine(host, env, signal);
    if (state.isUp) {
      return { chose: `${state.version}, API ${state.apiVersion}, running at ${host}`, env: { DOCKER_HOST: host } };
    }
    note(`${host} does not answer: ${state.reason}`);
  }
  return undefined;
}

/**
 * Where an engine should listen: at DOCKER_HOST, then at the sockets that are there, the system's, Docker Desktop's and a
 * rootless one's.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function candidates(env) {
  const asked = env["DOCKER_HOST"] ? [env["DOCKER_HOST"]] : [];
  const sockets = [
    "/var/run/docker.sock",
    env["HOME"] && join(env["HOME"], ".docker/run/docker.sock"),
    env["XDG_RUNTIME_DIR"] && join(env["XDG_RUNTIME_DIR"], "docker.sock"),
  ].filter((path) => typeof path === "string" && existsSync(path));
  return [...asked, ...sockets.map((path) => `unix://${path}`)];
}

/** @param {import("./step.mjs").StepContext} context */
async function waitForService(context) {
  const deadlineMs = Date.now() + SERVICE_START_MS;
  while (Date.now() < deadlineMs) {
    const running = await findRunningEngine({ ...context, note: () => undefined });
    if (running !== undefined) return running;
    await sleep(500, undefined, { signal: context.signal });
  }
  return undefined;
}
