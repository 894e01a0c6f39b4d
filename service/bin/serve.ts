import { serveDataFolder, type LocalServiceOptions } from "../local-service.ts";
import { readBuilder } from "./builder-options.ts";
import { readMachines } from "./machine-options.ts";
import { comeFirst } from "./priority.ts";
import type { ServeArguments } from "./serve-options.ts";
import { readStorage } from "./storage-options.ts";
import { UsageError } from "./usage-error.ts";

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "silent"] as const;

/** Serves until a signal comes. @param fail ends the process when the end goes wrong */
export async function serve(values: ServeArguments, fail: (error: unknown) => never): Promise<void> {
  const options = {
    ...(values.port !== undefined && { port: readPort(values.port) }),
    ...(values.host !== undefined && { host: values.host }),
    ...readTls(values),
    ...(values["behind-proxy"] !== undefined && { behindProxy: values["behind-proxy"] }),
    ...(values["allowed-host"] !== undefined && { allowedHosts: values["allowed-host"] }),
    ...(values.data !== undefined && { dataDirectory: values.data }),
    ...(values["docker-host"] !== undefined && { dockerHost: values["docker-host"] }),
    ...(values["base-image"] !== undefined && { baseImage: values["base-image"] }),
    ...readBuilder(values),
    ...(values.builds !== undefined && { buildConcurrency: readBuilds(values.builds) }),
    ...(values["metrics-open"] !== undefined && { areMetricsOpen: values["metrics-open"] }),
    ...readMachines(values),
    ...readStorage(values),
    ...(values["log-out-after"] !== undefined && { pageIdleMs: readMinutes(values["log-out-after"]) * 60_000 }),
    ...(values["log-level"] !== undefined && { logLevel: readLevel(values["log-level"]) }),
  };
  comeFirst();
  const service = await serveDataFolder({ ...options, ...takeKey() });
  const lines = [
    `NULLSPACE_API_URL=${service.url}`,
    ...(service.shownOnce === undefined ? [] : [`NULLSPACE_API_KEY=${service.shownOnce}`]),
  ];
  const stop = (): void => {
    // A second signal must be able to end a stop that hangs.
    process.off("SIGINT", stop).off("SIGTERM", stop);
    service.close().then(() => process.exit(0), fail);
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // Not before: whoever waits for these lines may end it the moment they are there.
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The key that the environment gives; what this process starts gets to see nothing of it. */
function takeKey(): { apiKey?: string } {
  const apiKey = process.env.NULLSPACE_LOCAL_API_KEY;
  delete process.env.NULLSPACE_LOCAL_API_KEY;
  return apiKey === undefined || apiKey === "" ? {} : { apiKey };
}

function readTls({ "tls-cert": certFile, "tls-key": keyFile }: ServeArguments): Pick<LocalServiceOptions, "tls"> {
  if (certFile === undefined && keyFile === undefined) return {};
  if (certFile !== undefined && keyFile !== undefined) return { tls: { certFile, keyFile } };
  throw new UsageError("--tls-cert and --tls-key go together: name both files.");
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

function readMinutes(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text) || Number(text) > 720) {
    throw new UsageError(`--log-out-after ${text} is not a number of minutes (1 to 720).`);
  }
  return Number(text);
}

function readLevel(text: string): (typeof LOG_LEVELS)[number] {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) throw new UsageError(`--log-level ${text} is not one of ${LOG_LEVELS.join(", ")}.`);
  return level;
}
