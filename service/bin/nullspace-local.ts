#!/usr/bin/env node
import { parseArgs } from "node:util";
import { startLocalService } from "../local-service.ts";
import { StartupError } from "../errors.ts";
import { serviceVersion } from "../version.ts";

const USAGE = `Usage: nullspace-local serve [options]

Runs a Nullspace service on this machine, on Docker Engine, for as long as the command runs.

  --port N           TCP port; 0 takes a free one (default 3000)
  --host ADDRESS     loopback address to listen on (default 127.0.0.1)
  --data DIR         folder of its state (default $NULLSPACE_LOCAL_DATA, else $XDG_DATA_HOME/nullspace-local)
  --docker-host URL  Docker Engine (default $DOCKER_HOST, else the local socket)
  --base-image REF   image of the builtin template "base" (default $NULLSPACE_LOCAL_BASE_IMAGE, else busybox:stable)
  --builds N         builds that run at the same time (default: as many as there are processors)
  --log-level LEVEL  trace, debug, info, warn, error or silent (default info), on standard error
  --help             this text
  --version          the version

Prints the two environment variables that the tools need, then serves until it is interrupted.`;

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** Wrong arguments: exit status 2. */
class UsageError extends Error {}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  if (values.version) return void process.stdout.write(`${serviceVersion()}\n`);
  if (positionals.length !== 1 || positionals[0] !== "serve") {
    throw new UsageError(
      positionals.length === 0 ? "Say what to do: serve." : `Unknown command: ${positionals.join(" ")}.`,
    );
  }
  const service = await startLocalService({
    ...(values.port !== undefined && { port: readPort(values.port) }),
    ...(values.host !== undefined && { host: values.host }),
    ...(values.data !== undefined && { dataDirectory: values.data }),
    ...(values["docker-host"] !== undefined && { dockerHost: values["docker-host"] }),
    ...(values["base-image"] !== undefined && { baseImage: values["base-image"] }),
    ...(values.builds !== undefined && { buildConcurrency: readBuilds(values.builds) }),
    ...(values["log-level"] !== undefined && { logLevel: readLevel(values["log-level"]) }),
  });
  process.stdout.write(`NULLSPACE_API_URL=${service.url}\nNULLSPACE_API_KEY=${service.apiKey}\n`);
  const stop = (): void => {
    // A second signal must be able to end a stop that hangs.
    process.off("SIGINT", stop).off("SIGTERM", stop);
    service.close().then(() => process.exit(0), fail);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        port: { type: "string" },
        host: { type: "string" },
        data: { type: "string" },
        "docker-host": { type: "string" },
        "base-image": { type: "string" },
        builds: { type: "string" },
        "log-level": { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new UsageError(`--port ${text} is not a port (0 to 65535).`);
  return port;
}

function readBuilds(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new UsageError(`--builds ${text} is not a number of builds (1 to 9999).`);
  return Number(text);
}

function readLevel(text: string): (typeof LOG_LEVELS)[number] {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new UsageError(`--log-level ${text} is not one of ${LOG_LEVELS.join(", ")}.`);
  return level;
}

/** Bad input and a service that cannot start are told in one line of JSON, as all commands of the house do. */
function fail(error: unknown): never {
  const code =
    error instanceof UsageError ? "invalid_arguments" : error instanceof StartupError ? error.code : undefined;
  if (code === undefined) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
  process.stderr.write(`${JSON.stringify({ error: { code, message: (error as Error).message } })}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

main().catch(fail);
