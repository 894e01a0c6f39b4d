import { parseArgs } from "node:util";
import { NullspaceError } from "pulumi-nullspace/sdk";
import { serviceVersion } from "../version.ts";
import { BUILDER_USAGE } from "./builder-options.ts";
import { MACHINE_USAGE } from "./machine-options.ts";
import { SERVE_OPTIONS } from "./serve-options.ts";
import { STORAGE_USAGE } from "./storage-options.ts";
import { UsageError } from "./usage-error.ts";

const USAGE = `Usage: nullspace-local serve [options]
       nullspace-local status [--json]
       nullspace-local builds [TEMPLATE] [--limit N] [--json]
       nullspace-local pools [--json]
       nullspace-local logs [-f] BUILD [--json]
       nullspace-local keys create NAME | list | revoke NAME [--data DIR]
       nullspace-local doctor [--json] [--data DIR] [--docker-host URL] [--builder KIND …] [--machines KIND …]
       nullspace-local firewall [--allow ADDRESS] [--docker-host URL]
       nullspace-local backup FOLDER [--data DIR]
       nullspace-local reset [--yes] [--data DIR] [--docker-host URL] [--builder KIND …] [--machines KIND …]

serve runs a Nullspace service on this machine, on Docker Engine, for as long as the command runs.

  --port N           TCP port; 0 takes a free one (default 3000)
  --host ADDRESS     address to listen on (default 127.0.0.1); one that is not loopback needs TLS or --behind-proxy
  --tls-cert FILE    certificate with its chain (PEM), and
  --tls-key FILE     its key: serves HTTPS; both are read again when they change
  --behind-proxy     something in front of the service handles TLS; needs --allowed-host
  --allowed-host NAME  name that requests may be for in the Host header, beside the address and the certificate's names
                     (may be repeated)
  --data DIR         folder of its state (default $NULLSPACE_LOCAL_DATA, else $XDG_DATA_HOME/nullspace-local)
  --docker-host URL  Docker Engine (default $DOCKER_HOST, else the local socket)
${BUILDER_USAGE}
${MACHINE_USAGE}
  --base-image REF   image of the builtin template "base" (default $NULLSPACE_LOCAL_BASE_IMAGE, else busybox:stable)
  --builds N         builds that run at the same time (default: as many as there are processors)
  --metrics-open     serve GET /metrics (Prometheus) without a key; the metrics contain the names of warm pools
${STORAGE_USAGE}
  --log-out-after MINUTES  log out users of the page (its address in a browser) after so long without activity (default 30)
  --log-level LEVEL  trace, debug, info, warn, error or silent (default info), on standard error
  --help             print this text
  --version          print the version

It prints NULLSPACE_API_URL, and the first time a data folder is used NULLSPACE_API_KEY: the two environment variables that
the tools need. It then serves until it is interrupted. A key is shown once and stored as a digest only. To get another one,
use "keys create", or set $NULLSPACE_LOCAL_API_KEY, which is valid for as long as the service runs.

status, builds, pools and logs ask a running service, at $NULLSPACE_API_URL with $NULLSPACE_API_KEY, or wherever else the SDK
finds them (.env, ~/.config/nullspace/config.json). status says whether it is ready, and exits with 1 if it is not; builds
lists the newest builds, of one template or of all; logs -f follows a build to its end, even across a restart of the service,
and exits with 1 if the build did not become ready. Output is coloured on terminals only; NO_COLOR and FORCE_COLOR are
honoured. With --json each prints one line of JSON, and logs one line per entry.

keys creates, lists and revokes the keys of a data folder, even while its service is running; revoke takes a name or an id.

doctor tells what a data folder and its service hold on the disk and on the engine, what uses each image, what is wrong, and
what to do; it ends with 1 when something is. The service may run or not. With the options of serve that say what builds and
what runs machines, it looks at builders, registry and cluster, and asks no engine that has no part in it.

firewall prints a script for root on the engine's host: with it machines reach neither the host nor private networks, but
for what --allow names (it may be repeated), such as a private name server. It is for machines on Docker Engine only.

backup copies a data folder, also while its service runs, into a new folder that "serve --data" can serve. Images stay on the
engine.

reset says what a service has, on the disk and on the engine; with --yes it removes all of it. The service must not run. A
service that was served with builders or a cluster needs those options here, too: what it has in the registry and its pods go
with the rest.`;

/** Runs the command line; every failure ends the process, with its exit code. */
export function runProgram(): Promise<void> {
  return main().catch(fail);
}

async function main(): Promise<void> {
  // What is written is the user's alone.
  process.umask(0o077);
  const { values, positionals } = readArguments();
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  if (values.version) return void process.stdout.write(`${serviceVersion()}\n`);
  const [command, ...words] = positionals;
  // Each command loads what it needs: most can do without what `serve` takes half a second to load.
  if (command === "keys") return (await import("./keys.ts")).keysCommand(words, values);
  if (command === "doctor" && words.length === 0) return (await import("./doctor.ts")).doctorCommand(values);
  if (command === "status" && words.length === 0) return (await import("./terminal/status.ts")).statusCommand(values);
  if (command === "builds" && words.length <= 1)
    return (await import("./terminal/builds.ts")).buildsCommand(words[0], values);
  if (command === "pools" && words.length === 0) return (await import("./terminal/pools.ts")).poolsCommand(values);
  if (command === "logs" && words.length === 1)
    return (await import("./terminal/logs.ts")).logsCommand(words[0]!, values);
  if (command === "firewall" && words.length === 0) return (await import("./firewall.ts")).firewallCommand(values);
  if (command === "backup") return (await import("./backup.ts")).backupCommand(words, values);
  if (command === "reset" && words.length === 0) return (await import("./reset.ts")).resetCommand(values);
  if (command !== "serve" || words.length > 0) {
    throw new UsageError(
      command === undefined
        ? "Say what to do: serve, status, builds, pools, logs, keys, doctor, firewall, backup or reset."
        : `Unknown command: ${positionals.join(" ")}.`,
    );
  }
  const { serve } = await import("./serve.ts");
  await serve(values, fail);
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        ...SERVE_OPTIONS,
        data: { type: "string" },
        allow: { type: "string", multiple: true },
        json: { type: "boolean" },
        follow: { type: "boolean", short: "f" },
        limit: { type: "string" },
        yes: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/**
 * Bad input, a service that cannot start and one that does not answer are told in one line of JSON, as all commands of the
 * house do; on a terminal, in words.
 */
function fail(error: unknown): never {
  const isTold = error instanceof NullspaceError;
  const code = error instanceof UsageError ? "invalid_arguments" : isTold ? error.code : undefined;
  if (code === undefined) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  }
  const { message } = error as Error;
  const isForPeople = process.stderr.isTTY === true && !process.argv.includes("--json");
  process.stderr.write(
    isForPeople ? `nullspace-local: ${message}\n` : `${JSON.stringify({ error: { code, message } })}\n`,
  );
  process.exit(error instanceof UsageError ? 2 : 1);
}
