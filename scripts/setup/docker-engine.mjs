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
  profiles: ["quickstart", "test"],
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
      await ensurePackages(["docker.io", "docker-registry", "busybox-static", "iproute2"], context);
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
    if (use.wasStarted)
      note("a private engine: it changes no firewall rule, so its containers do not reach the internet");
    return {
      chose: `${version}, ${use.wasStarted ? "started" : "shared with another run"} at ${engine.host}`,
      env: { DOCKER_HOST: engine.host },
    };
  },
};

/** @param {Pick<import("./step.mjs").StepContext, "env" | "note" | "signal">} context */
async function findRunningEngine({ env, note, signal }) {
  for (const { host, isAsked } of candidates(env)) {
    const state = await pingEngine(host, env, signal);
    if (state.isUp) {
      return { chose: `${state.version}, API ${state.apiVersion}, running at ${host}`, env: { DOCKER_HOST: host } };
    }
    if (isAsked) note(`${host} does not answer: ${state.reason}`);
  }
  return undefined;
}

/**
 * Where an engine may listen, in order: DOCKER_HOST, the system's socket, Docker Desktop's, a rootless one.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ host: string, isAsked: boolean }[]} `isAsked` = it should answer: the user named it, or its socket is there
 */
export function candidates(env) {
  const asked = env["DOCKER_HOST"] ? [{ host: env["DOCKER_HOST"], isAsked: true }] : [];
  const sockets = [
    "/var/run/docker.sock",
    env["HOME"] && join(env["HOME"], ".docker/run/docker.sock"),
    env["XDG_RUNTIME_DIR"] && join(env["XDG_RUNTIME_DIR"], "docker.sock"),
  ].filter((path) => typeof path === "string" && existsSync(path));
  return [...asked, ...sockets.map((path) => ({ host: `unix://${path}`, isAsked: true }))];
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
