import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addBridge, removeBridge } from "./bridge.mjs";
import { pingEngine } from "./docker-api.mjs";
import { SetupError } from "./errors.mjs";
import { findCommand } from "./platform.mjs";
import { makePrivateFolder, runtimeFolder } from "./tool-cache.mjs";

const LOG_TAIL_LINES = 25;

/**
 * A dockerd of set-up's own, which shares nothing with another one on the machine.
 *
 * What two daemons would fight about, and what each flag does about it:
 * - the socket, the data, the pid file, the plugin and network sockets: all below folders of our own;
 * - `/etc/docker/daemon.json`: a key there that is also a flag here is fatal, so an empty file takes its place;
 * - docker0 and its addresses: both daemons would give out 172.17.0.2, so ours has a bridge with a free subnet;
 * - the firewall: a daemon that manages it flushes the chains named DOCKER when it starts (libnetwork, bridge driver),
 *   with the port rules of the other one in them, so ours leaves it alone. Published ports then go through
 *   docker-proxy, the host reaches containers at their addresses, and nothing is forwarded to the outside;
 * - containerd: where the system's runs, dockerd uses it, and there containers are told apart by namespace only.
 *
 * @param {Pick<import("./step.mjs").StepContext, "cache" | "env" | "signal">} context
 * @param {{ name: string, dockerd: string, args: readonly string[] }} [variant] another dockerd than the one on PATH,
 *   beside which it may run
 * @returns {{ host: string, process: import("./shared-process.mjs").SharedProcess }}
 */
export function privateEngine({ cache, env, signal }, variant) {
  const suffix = variant === undefined ? "" : `-${variant.name}`;
  const folder = join(cache.root, `docker${suffix}`);
  const runtime = `${runtimeFolder(cache, env)}${suffix}`;
  const host = `unix://${join(runtime, "docker.sock")}`;
  const pidFile = join(runtime, "dockerd.pid");
  const logFile = join(folder, "dockerd.log");
  // IFNAMSIZ: at most 15 characters.
  const bridge = `${variant === undefined ? "nspace" : variant.name.slice(0, 6)}-${cache.id}`;

  const start = async () => {
    const dockerd = variant?.dockerd ?? findCommand("dockerd", env);
    if (dockerd === undefined) throw new SetupError("NO_DOCKERD", "dockerd is not on PATH");
    mkdirSync(folder, { recursive: true });
    makePrivateFolder(runtime);
    // dockerd refuses to start while any process has the number in its pid file; nobody answers here, so it is stale.
    rmSync(pidFile, { force: true });
    writeFileSync(join(folder, "daemon.json"), "{}\n");
    await addBridge(bridge, { env, signal });
    const args = [
      `--host=${host}`,
      `--group=${process.getgid?.() ?? 0}`,
      `--config-file=${join(folder, "daemon.json")}`,
      `--data-root=${join(folder, "data")}`,
      `--exec-root=${join(runtime, "exec")}`,
      `--pidfile=${pidFile}`,
      `--bridge=${bridge}`,
      "--iptables=false",
      "--ip6tables=false",
      "--ip-masq=false",
      "--ip-forward=false",
      `--containerd-namespace=nullspace${suffix}-${cache.id}`,
      `--containerd-plugins-namespace=nullspace${suffix}-plugins-${cache.id}`,
      "--shutdown-timeout=5",
      "--log-opt=max-size=10m",
      "--log-opt=max-file=2",
      ...(variant?.args ?? []),
    ];
    return startDetached(dockerd, args, { logFile, env });
  };

  return {
    host,
    process: {
      name: `dockerd${suffix}`,
      folder,
      startTimeoutMs: 60_000,
      stopTimeoutMs: 30_000,
      isAnswering: async () => (await pingEngine(host, env)).isUp,
      start,
      tail: () => readTail(logFile),
      cleanUp: () => removeBridge(bridge, { env }),
    },
  };
}

/**
 * Starts a process that outlives this one and that the terminal's Ctrl-C does not reach.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ logFile: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its pid
 */
export async function startDetached(command, args, { logFile, env }) {
  const log = openSync(logFile, "w", 0o600);
  try {
    const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log], env });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    return /** @type {number} */ (child.pid);
  } finally {
    closeSync(log);
  }
}

/** @param {string} logFile */
export function readTail(logFile) {
  try {
    return readFileSync(logFile, "utf8").trim().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  } catch (error) {
    return `(${logFile} cannot be read: ${error instanceof Error ? error.message : error})`;
  }
}
