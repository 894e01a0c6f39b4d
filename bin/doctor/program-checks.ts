import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { answerTimeout } from "../../sdk/concurrency/index.ts";
import { DockerEngine } from "../../sdk/docker/index.ts";
import { OLDEST_NODE, tooOldNode } from "../../sdk/node-version.ts";
import { ok, type CheckResult } from "./check.ts";

const run = promisify(execFile);
const OLDEST_PULUMI = [3, 200] as const;
/** A CLI that looks for updates, or a socket nobody serves, must not hold the doctor up. */
const PROBE_TIMEOUT_MS = 15_000;

/** Is this Node new enough? */
export function checkNode(version: string = process.versions.node): CheckResult {
  if (tooOldNode(["pulumi-nullspace", OLDEST_NODE], version) === undefined) return ok("node", `Node ${version}`);
  return {
    name: "node",
    status: "fail",
    message: `Node ${version} is older than ${OLDEST_NODE}`,
    advice: `Install Node ${OLDEST_NODE} or newer, and put it first on PATH; nullspace-local needs Node 24.`,
  };
}

/** Is there a Pulumi CLI that works? */
export async function checkPulumi(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<CheckResult> {
  try {
    const { stdout } = await run("pulumi", ["version"], {
      env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" },
      timeout: PROBE_TIMEOUT_MS,
      signal,
    });
    const version = stdout.trim();
    const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
    const old = major < OLDEST_PULUMI[0] || (major === OLDEST_PULUMI[0] && minor < OLDEST_PULUMI[1]);
    if (!old) return ok("pulumi", `Pulumi CLI ${version}`);
    return {
      name: "pulumi",
      status: "warn",
      message: `Pulumi CLI ${version} is older than ${OLDEST_PULUMI.join(".")}, the oldest that is tested`,
      advice: "Update it: https://www.pulumi.com/docs/install/",
    };
  } catch (error) {
    signal.throwIfAborted();
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return {
      name: "pulumi",
      status: "fail",
      message: missing ? "there is no pulumi on PATH" : `pulumi version does not work: ${firstLine(error)}`,
      advice: "Install the Pulumi CLI: https://www.pulumi.com/docs/install/",
    };
  }
}

/**
 * Does a Docker Engine answer?
 *
 * @param needed whether the service is a local one, which builds on this engine
 */
export async function checkDocker(env: NodeJS.ProcessEnv, needed: boolean, signal: AbortSignal): Promise<CheckResult> {
  let engine: DockerEngine | undefined;
  try {
    engine = new DockerEngine({ env });
    using timeout = answerTimeout(PROBE_TIMEOUT_MS);
    await engine.ping({ signal: AbortSignal.any([signal, timeout.signal]) });
    const { Version, ApiVersion } = await engine.version();
    return ok("docker", `Docker Engine ${Version} (API ${ApiVersion}) at ${engine.host}`);
  } catch (error) {
    signal.throwIfAborted();
    return {
      name: "docker",
      status: needed ? "fail" : "warn",
      message: firstLine(error),
      advice: needed
        ? "Start Docker, or set DOCKER_HOST: a local service builds and runs on it."
        : "Only a local service (nullspace-local) and `docker build` need it.",
    };
  } finally {
    await engine?.close();
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}
