import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { readTail, startDetached } from "./dockerd.mjs";
import { SetupError } from "./errors.mjs";
import { findCommand } from "./platform.mjs";
import { readJson, writeJson } from "./tool-cache.mjs";

/**
 * An image registry on the loopback interface, which every engine takes without TLS. Its port is kept between runs, so
 * that the names of its images stay the same.
 *
 * @param {Pick<import("./step.mjs").StepContext, "cache" | "env">} context
 * @returns {{ address: () => string, process: import("./shared-process.mjs").SharedProcess }} `address` once it was used
 */
export function loopbackRegistry({ cache, env }) {
  const folder = join(cache.root, "registry");
  const portFile = join(folder, "port.json");
  const logFile = join(folder, "registry.log");
  const address = () => `localhost:${readJson(portFile)?.port}`;

  const start = async () => {
    const command = findCommand("docker-registry", env);
    if (command === undefined) throw new SetupError("NO_REGISTRY", "docker-registry is not on PATH");
    mkdirSync(folder, { recursive: true });
    const port = await choosePort(readJson(portFile)?.port);
    writeJson(portFile, { port });
    const config = {
      version: "0.1",
      storage: { filesystem: { rootdirectory: join(folder, "data") }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}` },
    };
    // JSON is YAML, and so needs no care for what is in a path.
    writeFileSync(join(folder, "config.yml"), JSON.stringify(config));
    return startDetached(command, ["serve", join(folder, "config.yml")], { logFile, env });
  };

  return {
    address,
    process: {
      name: "docker-registry",
      folder,
      startTimeoutMs: 20_000,
      stopTimeoutMs: 10_000,
      isAnswering: async () => isRegistry(readJson(portFile)?.port),
      start,
      tail: () => readTail(logFile),
    },
  };
}

/** @param {unknown} port */
async function isRegistry(port) {
  if (typeof port !== "number") return false;
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false; // Nobody listens, or not yet.
  }
}

/**
 * @param {unknown} wanted the port of the last run
 * @returns {Promise<number>} that port if it is free, else one that is
 */
async function choosePort(wanted) {
  const port = typeof wanted === "number" ? await tryPort(wanted) : undefined;
  return port ?? (await tryPort(0)) ?? Promise.reject(new SetupError("NO_FREE_PORT", "no port of 127.0.0.1 is free"));
}

/**
 * @param {number} port
 * @returns {Promise<number | undefined>}
 */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}
