import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type BuildCacheSource,
  type BuildCacheTarget,
  type BuildOptions,
  type BuildOutput,
  type BuildProgress,
  type BuildSecret,
  DockerEngine,
} from "../../sdk/docker/index.ts";
import { action } from "../cli/action.ts";
import { print, printJson } from "../cli/output.ts";
import { appendCacheSource, appendCacheTarget } from "../cli/cache-flags.ts";
import { describeProgress } from "../cli/build-progress.ts";
import { readFields } from "../cli/read-fields.ts";
import { LiveProgress } from "../cli/live-progress.ts";

interface BuildFlags {
  file?: string;
  tag?: string[];
  buildArg?: Record<string, string | null>;
  target?: string;
  platform?: string;
  label?: Record<string, string>;
  cache: boolean;
  pull?: boolean;
  networkMode?: string;
  shmSize?: string;
  extraHost?: string[];
  cacheFrom?: BuildCacheSource[];
  memory?: string;
  memorySwap?: string;
  cpuShares?: number;
  cpusetCpus?: string;
  gzip?: boolean;
  secret?: BuildSecret[];
  ssh?: { id: string; socket?: string }[];
  builder?: "auto" | "buildkit" | "classic";
  buildkit?: string;
  buildContext?: Record<string, string>;
  cacheTo?: BuildCacheTarget[];
  provenance?: true | "min" | "max";
  sbom?: true | string;
  output?: BuildOutput[];
  progress?: "plain" | "tty" | "json";
  rm: boolean;
  forceRm?: boolean;
  squash?: boolean;
  quiet?: boolean;
  configProxy: boolean;
  json?: boolean;
}

/** `docker build`. */
export function registerDocker(program: Command): void {
  const docker = program.command("docker").description("work with a Docker Engine (DOCKER_HOST, DOCKER_CONFIG)");
  docker
    .command("build")
    .description("build an image on the engine")
    .argument("<dir>", "folder to build, or the URL of a Git repository or archive")
    .option("-f, --file <path>", "Dockerfile, relative to <dir> or absolute; it may lie outside of <dir>")
    .option("-t, --tag <name>", "name for the image; repeatable", append)
    .option(
      "--build-arg <name=value>",
      "build argument; without a value that of the environment; repeatable",
      appendArg,
    )
    .option("--target <stage>", "stage to build")
    .option("--platform <os/arch>", "platform to build for; several with commas (BuildKit's own API)")
    .option(
      "--build-context <name=source>",
      "folder, docker-image://… or URL that the Dockerfile knows by name (BuildKit's own API); repeatable",
      appendContext,
    )
    .option("--label <name=value>", "label; repeatable", appendLabel)
    .option("--no-cache", "build every step again, without the cache")
    .option("--pull", "ask registries for newer base images")
    .addOption(new Option("--network-mode <mode>", "network of RUN commands: default, none, host"))
    .option("--shm-size <size>", "size of /dev/shm, such as 64m")
    .option("--extra-host <host:ip>", "line for /etc/hosts; repeatable", append)
    .option(
      "--cache-from <source>",
      "image whose layers may serve as cache, or type=local,src=./folder[,tag=…|,digest=…] (BuildKit's own API); repeatable",
      appendCacheSource,
    )
    .option(
      "--cache-to <target>",
      "where the cache goes: inline, type=registry,ref=…[,mode=max] or type=local,dest=./folder[,mode=max][,tag=…] (BuildKit); repeatable",
      appendCacheTarget,
    )
    .addOption(
      new Option("--provenance [mode]", "attest how the image is built: min or max (BuildKit's own API)").choices([
        "min",
        "max",
      ]),
    )
    .option("--sbom [scanner]", "attest what is in the image, by BuildKit's scanner or an image (BuildKit's own API)")
    .option("-o, --output <type=…>", "where the result goes, such as type=local,dest=./out (BuildKit)", appendOutput)
    .option("-m, --memory <size>", "memory of RUN commands, such as 512m (classic builder)")
    .option("--memory-swap <size>", "memory and swap together; -1 = unlimited swap (classic builder)")
    .option("--cpu-shares <weight>", "weight of RUN commands among containers (classic builder)", parseWhole)
    .option("--cpuset-cpus <cpus>", "CPUs of RUN commands, such as 0-2 (classic builder)")
    .option("--gzip", "compress what is sent")
    .option(
      "--secret <id=…,src=…>",
      "secret for RUN --mount=type=secret, from a file (src=) or a variable (env=); repeatable",
      appendSecret,
    )
    .option("--ssh <id[=socket]>", "SSH agent for RUN --mount=type=ssh; repeatable", appendSsh)
    .addOption(
      new Option("--builder <builder>", "builder to use").choices(["auto", "buildkit", "classic"]).default("auto"),
    )
    .option("--buildkit <address>", "BuildKit daemon to build on: unix:///… or tcp://host:port")
    .option("--no-rm", "keep the classic builder's intermediate containers")
    .option("--force-rm", "remove them after a failure too")
    .option("--squash", "one layer for the whole build (experimental engines, classic builder)")
    .option("-q, --quiet", "no progress, only the image's ID")
    .option("--no-config-proxy", "do not pass the proxies of Docker's config.json as build arguments")
    .addOption(
      new Option(
        "--progress <form>",
        "lines, a live display, or one JSON object a line; default by the terminal",
      ).choices(["plain", "tty", "json"]),
    )
    .option("--json", "print the engine's records as they come, one a line, and {imageId} at the end")
    .action(action(build));
}

async function build(signal: AbortSignal, dir: string, flags: BuildFlags): Promise<void> {
  const engine = new DockerEngine();
  try {
    const running = engine.build(toBuildOptions(dir, flags, signal));
    if (flags.json) {
      for await (const record of running.records()) await printJson(record, signal);
      await printJson(await running.done, signal);
      return;
    }
    // Progress goes to standard error, as with Docker's own command: standard output is for the result.
    await showProgress(running, flags.progress ?? (process.stderr.isTTY ? "tty" : "plain"));
    await print(`${(await running.done).imageId}\n`, signal);
  } finally {
    await engine.close();
  }
}

async function showProgress(build: AsyncIterable<BuildProgress>, form: "plain" | "tty" | "json"): Promise<void> {
  if (form === "tty") {
    using live = new LiveProgress(process.stderr);
    for await (const progress of build) live.show(progress);
    return;
  }
  for await (const progress of build) {
    process.stderr.write(form === "json" ? `${JSON.stringify(progress)}\n` : describeProgress(progress));
  }
}

function toBuildOptions(dir: string, flags: BuildFlags, signal: AbortSignal): BuildOptions {
  const limits = {
    ...(flags.memory === undefined ? {} : { memory: flags.memory }),
    ...(flags.memorySwap === undefined ? {} : { memswap: flags.memorySwap === "-1" ? -1 : flags.memorySwap }),
    ...(flags.cpuShares === undefined ? {} : { cpushares: flags.cpuShares }),
    ...(flags.cpusetCpus === undefined ? {} : { cpusetcpus: flags.cpusetCpus }),
  };
  return {
    path: dir,
    dockerfile: flags.file,
    tags: flags.tag,
    buildArgs: flags.buildArg,
    target: flags.target,
    platform: flags.platform,
    labels: flags.label,
    noCache: !flags.cache,
    pull: flags.pull,
    networkMode: flags.networkMode,
    shmSize: flags.shmSize,
    extraHosts: flags.extraHost,
    cacheFrom: flags.cacheFrom,
    containerLimits: Object.keys(limits).length > 0 ? limits : undefined,
    gzip: flags.gzip,
    secrets: flags.secret,
    ssh: flags.ssh,
    builder: flags.buildkit === undefined ? flags.builder : { address: flags.buildkit },
    contexts: flags.buildContext,
    cacheTo: flags.cacheTo,
    attest: attestations(flags),
    outputs: flags.output,
    rm: flags.rm,
    forcerm: flags.forceRm,
    squash: flags.squash,
    quiet: flags.quiet,
    useConfigProxy: flags.configProxy,
    signal,
  };
}

function attestations({ provenance, sbom }: BuildFlags): BuildOptions["attest"] {
  if (provenance === undefined && sbom === undefined) return undefined;
  return { ...(provenance === undefined ? {} : { provenance }), ...(sbom === undefined ? {} : { sbom }) };
}

function appendContext(value: string, previous: Record<string, string> = {}): Record<string, string> {
  const equals = value.indexOf("=");
  if (equals <= 0 || equals === value.length - 1) {
    throw new InvalidArgumentError("A context needs a name and where it is: name=./folder.");
  }
  return { ...previous, [value.slice(0, equals)]: value.slice(equals + 1) };
}

function appendOutput(value: string, previous: BuildOutput[] = []): BuildOutput[] {
  const { type, dest, ...attrs } = Object.fromEntries(readFields(value));
  const known = ["image", "cacheonly", "tar", "oci", "docker", "local"] as const;
  const found = known.find((one) => one === type);
  if (found === undefined) throw new InvalidArgumentError(`An output has a type: ${known.join(", ")}.`);
  return [...previous, { type: found, ...(dest === undefined ? {} : { dest }), attrs }];
}

function append(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function appendArg(value: string, previous: Record<string, string | null> = {}): Record<string, string | null> {
  const equals = value.indexOf("=");
  const name = equals < 0 ? value : value.slice(0, equals);
  if (name === "") throw new InvalidArgumentError("A build argument needs a name: NAME=value.");
  return { ...previous, [name]: equals < 0 ? (process.env[name] ?? null) : value.slice(equals + 1) };
}

function appendLabel(value: string, previous: Record<string, string> = {}): Record<string, string> {
  const equals = value.indexOf("=");
  const name = equals < 0 ? value : value.slice(0, equals);
  if (name === "") throw new InvalidArgumentError("A label needs a name: NAME=value.");
  return { ...previous, [name]: equals < 0 ? "" : value.slice(equals + 1) };
}

/** Docker's own form: `id=token,src=./token`, `id=token,env=TOKEN`; without either, the variable named as the id. */
function appendSecret(value: string, previous: BuildSecret[] = []): BuildSecret[] {
  const fields = readFields(value);
  const id = fields.get("id");
  const file = fields.get("src") ?? fields.get("source");
  const env = fields.get("env");
  const unknown = [...fields.keys()].find((key) => !["id", "src", "source", "env", "type"].includes(key));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no ${JSON.stringify(unknown)} in a secret.`);
  if (!id) throw new InvalidArgumentError("A secret needs an id: id=token,src=./token.");
  if (file !== undefined && env !== undefined) throw new InvalidArgumentError("A secret has src or env, not both.");
  if (file !== undefined) return [...previous, fields.get("type") === "env" ? { id, env: file } : { id, file }];
  return [...previous, { id, env: env ?? id }];
}

function appendSsh(value: string, previous: { id: string; socket?: string }[] = []): { id: string; socket?: string }[] {
  const equals = value.indexOf("=");
  const id = equals < 0 ? value : value.slice(0, equals);
  const socket = equals < 0 ? "" : value.slice(equals + 1);
  if (id === "") throw new InvalidArgumentError("An SSH agent needs an id: default, or id=/path/to/socket.");
  return [...previous, { id, ...(socket ? { socket } : {}) }];
}

function parseWhole(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}
