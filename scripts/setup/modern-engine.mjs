import { join } from "node:path";
import { ensurePackages } from "./debian-packages.mjs";
import { pingEngine } from "./docker-api.mjs";
import { privateEngine } from "./dockerd.mjs";
import { SetupError } from "./errors.mjs";
import { BUILD_TIMEOUT_MS, buildGoCommands, findGo } from "./go-build.mjs";
import { installHint } from "./install-hints.mjs";
import { withLock } from "./lock.mjs";
import { isExecutableFile } from "./platform.mjs";
import { useShared } from "./shared-process.mjs";

export const VERSION = "2.0.0-beta.24";
const COMMAND = {
  name: "dockerd",
  package: "github.com/moby/moby/v2/cmd/dockerd",
  ldflags: `-X github.com/moby/moby/v2/dockerversion.Version=${VERSION}`,
};

/**
 * A Docker Engine of today (API 1.56) for the tests of the project `modern`: distributions have older ones. It runs beside
 * every other engine of the machine, on the containerd and runc of the distribution.
 *
 * @type {import("./step.mjs").Step}
 */
export const modernEngine = {
  title: "modern engine",
  profiles: ["modern"],
  async run(context) {
    const { check, env, platform, onStop, signal } = context;
    const install = installHint("modern-engine", platform);
    if (!platform.isRoot || (platform.kind !== "debian" && platform.kind !== "linux")) {
      throw new SetupError("NO_MODERN_ENGINE", "only root on Linux can start a Docker Engine of its own", { install });
    }
    const dockerd = env["NULLSPACE_MODERN_DOCKERD"] || (await buildDockerd(context, install));
    if (check) return { chose: `${dockerd}; set-up starts it for as long as it is needed` };
    if (platform.canInstallPackages) await ensurePackages(["docker.io", "iproute2", "apparmor"], context);
    const engine = modernDockerd(context, dockerd);
    const use = await useShared(engine.process, { signal });
    onStop(use.release);
    const state = await pingEngine(engine.host, env, signal);
    const version = state.isUp ? `${state.version}, API ${state.apiVersion}` : "";
    return {
      chose: `${version}, ${use.wasStarted ? "started" : "shared with another run"} at ${engine.host}`,
      env: { DOCKER_HOST: engine.host, DOCKER_TLS_VERIFY: "", DOCKER_CERT_PATH: "" },
    };
  },
};

/**
 * @param {Pick<import("./step.mjs").StepContext, "cache" | "env" | "signal">} context
 * @param {string} [dockerd]
 */
export function modernDockerd(context, dockerd = binaryOf(context)) {
  // Debian's runc is from before time namespaces, which this engine gives every container otherwise.
  return privateEngine(context, { name: "modern", dockerd, args: ["--feature=time-namespaces=false"] });
}

/** @param {Pick<import("./step.mjs").StepContext, "cache">} context */
function binaryOf({ cache }) {
  return join(cache.root, "dockerd", `built-${VERSION}`, COMMAND.name);
}

/**
 * @param {import("./step.mjs").StepContext} context
 * @param {string} install
 */
async function buildDockerd(context, install) {
  const { cache, check, env, note, signal } = context;
  const binary = binaryOf(context);
  if (isExecutableFile(binary)) return binary;
  const go = await findGo(env);
  if (check || !go.isUsable) {
    const reason = go.isUsable ? "set-up builds it with Go (once, 4 to 8 minutes on two processors)" : go.reason;
    throw new SetupError("NO_MODERN_ENGINE", `no dockerd ${VERSION} in the cache: ${reason}`, { install });
  }
  return withLock(join(cache.root, "locks", "dockerd"), { timeoutMs: BUILD_TIMEOUT_MS, signal }, async () => {
    if (isExecutableFile(binary)) return binary;
    note(`building dockerd ${VERSION} from its Go module with Go ${go.version}: once a machine, 4 to 8 minutes`);
    const folder = join(cache.root, "dockerd", `built-${VERSION}`);
    await buildGoCommands(context, { go, commands: [COMMAND], folder, code: "DOCKERD_NOT_BUILT", install });
    return binary;
  });
}
